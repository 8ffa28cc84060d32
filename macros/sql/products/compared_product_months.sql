{#
    Ranks and comparisons of a product's month, shared by the branches' products (rpt_product_performance) and the
    company's (rpt_company_products). Macros, not a model, because the former reads only touched months and those they
    are compared with.

    `within` is the column within which months are ranked, classed and compared: branch_key or currency_code.
#}

{# Months of products with `net_sales`, with rank, shares and class in the month's sales. #}
{% macro ranked_product_months(months, within) -%}
    select
        *,
        rank() over (
            partition by {{ within }}, sales_month order by net_sales desc
        ) as sales_rank,
        sum(net_sales) over (partition by {{ within }}, sales_month) as all_net_sales,
        -- Negative sales are left out of the sum that defines the classes.
        sum(greatest(net_sales, 0)) over (partition by {{ within }}, sales_month)
            as classed_net_sales,
        sum(greatest(net_sales, 0)) over (
            partition by {{ within }}, sales_month order by net_sales desc
        ) as cumulative_net_sales,
        coalesce(
            sum(greatest(net_sales, 0)) over (
                partition by {{ within }}, sales_month
                order by net_sales desc
                groups between unbounded preceding and 1 preceding
            ),
            0
        ) as net_sales_of_better
    from {{ months }}
{%- endmacro %}

{#
    The ranked months with the month before and the same month of the year before.

    `columns` identify the month; `share` is the column of the share of the month's sales within `within`.
#}
{% macro compared_product_months(ranked, within, columns, share) -%}
    select
        {%- for column in columns %}
        this_month.{{ column }},
        {%- endfor %}
        cast(
            {{ abc_class(
                'this_month.net_sales',
                'this_month.net_sales_of_better',
                'this_month.classed_net_sales',
            ) }} as text
        ) as abc_class,
        cast(this_month.sales_rank as integer) as sales_rank,
        cast(this_month.quantity as bigint) as quantity,
        cast(this_month.transactions as bigint) as transactions,
        cast(this_month.net_sales as numeric(18, 2)) as net_sales,
        {{ ratio('this_month.net_sales', 'this_month.quantity', 4) }} as average_unit_price,
        {{ ratio('100 * this_month.net_sales', 'greatest(this_month.all_net_sales, 0)') }}
            as {{ share }},
        {{ ratio('100 * this_month.cumulative_net_sales', 'this_month.classed_net_sales') }}
            as cumulative_sales_percent,
        {%- for former, change in [
            ('last_month', 'net_sales_change'), ('last_year', 'net_sales_change_on_last_year')
        ] %}
        cast({{ former }}.quantity as bigint) as quantity_{{ former }},
        cast({{ former }}.net_sales as numeric(18, 2)) as net_sales_{{ former }},
        cast({{ former }}.sales_rank as integer) as sales_rank_{{ former }},
        cast(this_month.net_sales - coalesce({{ former }}.net_sales, 0) as numeric(18, 2))
            as {{ change }},
        {{ change_percent('this_month.net_sales', former ~ '.net_sales') }} as {{ change }}_percent,
        {%- endfor %}
        this_month.sales_month
    from {{ ranked }} as this_month
    {%- for former, months in [('last_month', 1), ('last_year', 12)] %}
    left join {{ ranked }} as {{ former }}
        on
            this_month.product_key = {{ former }}.product_key
            and this_month.{{ within }} = {{ former }}.{{ within }}
            and this_month.sales_month = cast(
                {{ dbt.dateadd('month', months, former ~ '.sales_month') }} as date
            )
    {%- endfor %}
{%- endmacro %}
