{#
    Incremental by branch and month; a touched month also changes the month after it and the same month of
    the year after.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'sales_month'],
        meta={'touched_by': 'reported_branch_month'},
        on_schema_change='fail',
        indexes=[{'columns': ['sales_month', 'branch_key']}],
    )
}}
{%- set touched = touched('reported_branch_month') %}

{% if is_incremental() -%}
with reported_months as (

    {{ touched }}

),

-- The reported months, the months before them and the same months of the year before.
needed_months as (

    {%- for months in [0, -1, -12] %}
    select
        branch_key,
        cast({{ dbt.dateadd('month', months, 'sales_month') }} as date) as sales_month
    from reported_months
    {{ 'union' if not loop.last }}
    {%- endfor %}

),

months as (

    select product_months.*
    from {{ ref('int_product_months__sold') }} as product_months
    inner join needed_months
        on
            product_months.branch_key = needed_months.branch_key
            and product_months.sales_month = needed_months.sales_month

),
{%- else -%}
with months as (

    select * from {{ ref('int_product_months__sold') }}

),
{%- endif %}

ranked as (

    select
        *,
        net_amount as net_sales,
        rank() over (
            partition by branch_key, sales_month order by net_amount desc
        ) as sales_rank,
        sum(net_amount) over (partition by branch_key, sales_month) as branch_net_sales,
        -- What brought less than nothing is no part of what the others are classed by.
        sum(greatest(net_amount, 0)) over (partition by branch_key, sales_month)
            as classed_net_sales,
        sum(greatest(net_amount, 0)) over (
            partition by branch_key, sales_month order by net_amount desc
        ) as cumulative_net_sales,
        coalesce(
            sum(greatest(net_amount, 0)) over (
                partition by branch_key, sales_month
                order by net_amount desc
                groups between unbounded preceding and 1 preceding
            ),
            0
        ) as net_sales_of_better
    from months

),

final as (

    select
        ranked.product_key,
        ranked.branch_key,
        ranked.source_system,
        ranked.product_name,
        ranked.branch_name,
        ranked.currency_code,
        cast(
            {{ abc_class(
                'ranked.net_sales', 'ranked.net_sales_of_better', 'ranked.classed_net_sales'
            ) }} as text
        ) as abc_class,
        cast(ranked.sales_rank as integer) as sales_rank,
        cast(ranked.quantity as integer) as quantity,
        cast(ranked.transactions as integer) as transactions,
        cast(ranked.net_sales as numeric(18, 2)) as net_sales,
        cast(round(ranked.net_sales / nullif(ranked.quantity, 0), 4) as numeric(18, 4))
            as average_unit_price,
        cast(
            round(100 * ranked.net_sales / nullif(greatest(ranked.branch_net_sales, 0), 0), 2)
            as numeric(18, 2)
        ) as branch_sales_percent,
        cast(
            round(100 * ranked.cumulative_net_sales / nullif(ranked.classed_net_sales, 0), 2)
            as numeric(18, 2)
        ) as cumulative_sales_percent,
        cast(last_month.quantity as integer) as quantity_last_month,
        cast(last_month.net_sales as numeric(18, 2)) as net_sales_last_month,
        cast(last_month.sales_rank as integer) as sales_rank_last_month,
        cast(ranked.net_sales - coalesce(last_month.net_sales, 0) as numeric(18, 2))
            as net_sales_change,
        {{ change_percent('ranked.net_sales', 'last_month.net_sales') }}
            as net_sales_change_percent,
        cast(last_year.quantity as integer) as quantity_last_year,
        cast(last_year.net_sales as numeric(18, 2)) as net_sales_last_year,
        cast(last_year.sales_rank as integer) as sales_rank_last_year,
        cast(ranked.net_sales - coalesce(last_year.net_sales, 0) as numeric(18, 2))
            as net_sales_change_on_last_year,
        {{ change_percent('ranked.net_sales', 'last_year.net_sales') }}
            as net_sales_change_on_last_year_percent,
        ranked.sales_month
    from ranked
    left join ranked as last_month
        on
            ranked.product_key = last_month.product_key
            and ranked.branch_key = last_month.branch_key
            and ranked.sales_month = cast(
                {{ dbt.dateadd('month', 1, 'last_month.sales_month') }} as date
            )
    left join ranked as last_year
        on
            ranked.product_key = last_year.product_key
            and ranked.branch_key = last_year.branch_key
            and ranked.sales_month = cast(
                {{ dbt.dateadd('month', 12, 'last_year.sales_month') }} as date
            )
    {% if is_incremental() -%}
    inner join reported_months
        on
            ranked.branch_key = reported_months.branch_key
            and ranked.sales_month = reported_months.sales_month
    {%- endif %}

)

select * from final
