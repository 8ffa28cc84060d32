{#
    Incremental by branch and month: a night touches one or two months, and those in which a product sold whose costs
    have changed.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'sales_month'],
        meta={'touched_by': 'costed_branch_month'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('costed_branch_month') %}

{% if is_incremental() -%}
with touched_months as (

    {{ touched }}

),

-- As ranges of days, which an index can find.
sales as (

    select sales.*
    from {{ ref('fct_sale_margins') }} as sales
    inner join touched_months
        on
            sales.branch_key = touched_months.branch_key
            and sales.business_date >= touched_months.sales_month
            and sales.business_date
            < cast({{ dbt.dateadd('month', 1, 'touched_months.sales_month') }} as date)

),
{%- else -%}
with sales as (

    select * from {{ ref('fct_sale_margins') }}

),
{%- endif %}

branches as (

    select * from {{ ref('dim_branches') }}

),

months as (

    select
        product_key,
        branch_key,
        source_system,
        max(product_id) as product_id,
        max(product_name) as product_name,
        currency_code,
        sum(measured_quantity) as quantity,
        sum(net_amount) as net_sales,
        sum(net_amount_company) as net_amount_company,
        coalesce(sum(net_of_vat_amount), 0) as net_of_vat_sales,
        coalesce(sum(net_of_vat_amount) filter (where margin is not null), 0) as costed_sales,
        coalesce(sum(cost), 0) as cost,
        coalesce(sum(cost) filter (where is_cost_assumed), 0) as assumed_cost,
        coalesce(sum(margin), 0) as margin,
        count(*) filter (where cost is null) as lines_without_cost,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from sales
    group by
        product_key,
        branch_key,
        source_system,
        currency_code,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date)

),

final as (

    select
        months.product_key,
        months.branch_key,
        months.source_system,
        months.product_id,
        months.product_name,
        branches.branch_name,
        months.currency_code,
        cast(months.quantity as numeric(18, 3)) as quantity,
        cast(months.net_sales as numeric(18, 2)) as net_sales,
        cast(months.net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(months.net_of_vat_sales as numeric(18, 2)) as net_of_vat_sales,
        cast(months.costed_sales as numeric(18, 2)) as costed_sales,
        cast(months.cost as numeric(18, 2)) as cost,
        cast(months.assumed_cost as numeric(18, 2)) as assumed_cost,
        cast(months.margin as numeric(18, 2)) as margin,
        {{ ratio('100 * months.margin', 'greatest(months.costed_sales, 0)') }} as margin_percent,
        months.lines_without_cost,
        months.sales_month
    from months
    inner join branches on months.branch_key = branches.branch_key

)

select * from final
