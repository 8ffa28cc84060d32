{#
    Ranks and comparisons of a product's month, shared by the branches' products (rpt_product_performance) and the
    company's (rpt_company_products). Macros, not a model, because the former reads only touched months and those they
    are compared with.

    `within` is the column within which months are ranked, classed and compared: branch_key, or currency_code, of which
    the company has one. Rows have `net_sales`, and `net_amount_company`, which is shown beside it.
#}

{# Months of products with `net_sales`, with rank, shares and class in the month's sales. #}
{% macro ranked_product_months(months, within) -%}
    select
        *,
        rank() over (
            partition by {{ within }}, sales_month order by net_sales desc nulls last
        ) as sales_rank,
        sum(net_sales) over (partition by {{ within }}, sales_month) as all_net_sales,
        -- Negative sales are left out of the sum that defines the classes.
        sum(greatest(net_sales, 0)) over (partition by {{ within }}, sales_month)
            as classed_net_sales,
        sum(greatest(net_sales, 0)) over (
            partition by {{ within }}, sales_month order by net_sales desc nulls last
        ) as cumulative_net_sales,
        coalesce(
            sum(greatest(net_sales, 0)) over (
                partition by {{ within }}, sales_month
                order by net_sales desc nulls last
                groups between unbounded preceding and 1 preceding
            ),
            0
        ) as net_sales_of_better
    from {{ months }}
{%- endmacro %}

{#
    The ranked months with the month before and the same month of the year before. A window frame of one month finds
    it by its number.

    `columns` identify the month; `share` is the column of the share of the month's sales within `within`.
    `priced`: the number of units that `net_sales` is the price of.
#}
{% macro compared_product_months(ranked, within, columns, share, priced='quantity') -%}
    {%- set formers = {'last_month': 1, 'last_year': 12} -%}
    {%- set changes = {
        'last_month': 'net_sales_change', 'last_year': 'net_sales_change_on_last_year'
    } -%}
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        cast(
            {{ abc_class('net_sales', 'net_sales_of_better', 'classed_net_sales') }} as text
        ) as abc_class,
        cast(sales_rank as integer) as sales_rank,
        cast(quantity as bigint) as quantity,
        cast(transactions as bigint) as transactions,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(net_amount_company as numeric(38, 6)) as net_amount_company,
        cast(returned_quantity as bigint) as returned_quantity,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        {{ ratio('net_sales', priced, 4) }} as average_unit_price,
        {{ ratio('100 * net_sales', 'greatest(all_net_sales, 0)') }} as {{ share }},
        {{ ratio('100 * cumulative_net_sales', 'classed_net_sales') }}
            as cumulative_sales_percent,
        {%- for former, change in changes.items() %}
        cast(quantity_{{ former }} as bigint) as quantity_{{ former }},
        cast(net_sales_{{ former }} as numeric(18, 2)) as net_sales_{{ former }},
        cast(sales_rank_{{ former }} as integer) as sales_rank_{{ former }},
        cast(net_sales - coalesce(net_sales_{{ former }}, 0) as numeric(18, 2)) as {{ change }},
        {{ change_percent('net_sales', 'net_sales_' ~ former) }} as {{ change }}_percent,
        {%- endfor %}
        sales_month
    from (
        select
            *
            {%- for former in formers %}
            {%- for measure in ['quantity', 'net_sales', 'sales_rank'] %},
            first_value({{ measure }}) over {{ former }} as {{ measure }}_{{ former }}
            {%- endfor %}
            {%- endfor %}
        from {{ ranked }}
        window
            {%- for former, months in formers.items() %}
            {{ former }} as (
                partition by product_key, {{ within }}
                order by {{ period_number('month', 'sales_month') }}
                range between {{ months }} preceding and {{ months }} preceding
            ){{ ',' if not loop.last }}
            {%- endfor %}
    ) as this_month
{%- endmacro %}
