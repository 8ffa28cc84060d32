{# Incremental by branch and month: a night touches one or two months. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'sales_month'],
        meta={'touched_by': 'branch_month'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('branch_month') %}

{% if is_incremental() -%}
with touched_months as (

    {{ touched }}

),

-- As ranges of days, which an index can find.
product_days as (

    select product_days.*
    from {{ ref('int_product_days__sold') }} as product_days
    inner join touched_months
        on
            product_days.branch_key = touched_months.branch_key
            and product_days.business_date >= touched_months.sales_month
            and product_days.business_date
            < cast({{ dbt.dateadd('month', 1, 'touched_months.sales_month') }} as date)

),
{%- else -%}
with product_days as (

    select * from {{ ref('int_product_days__sold') }}

),
{%- endif %}

final as (

    select
        product_key,
        branch_key,
        source_system,
        max(product_id) as product_id,
        max(product_name) as product_name,
        branch_name,
        currency_code,
        cast(sum(quantity) as bigint) as quantity,
        sum(net_amount) as net_amount,
        cast(sum(net_amount_company) as numeric(38, 6)) as net_amount_company,
        cast(sum(returned_quantity) as bigint) as returned_quantity,
        sum(returned_amount) as returned_amount,
        cast(sum(returned_amount_company) as numeric(38, 6)) as returned_amount_company,
        cast(sum(transactions) as bigint) as transactions,
        {{ counted_by_rate() }},
        min(business_date) as first_sold_date,
        max(business_date) as last_sold_date,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from product_days
    group by
        product_key,
        branch_key,
        source_system,
        branch_name,
        currency_code,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date)

)

select * from final
