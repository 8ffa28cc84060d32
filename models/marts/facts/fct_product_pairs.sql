{#
    Incremental by source system and week. By branch or by day the counts would be nearly as many as the
    pairs on the receipts themselves; by month a night would count four times as much anew.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_source_weeks',
        unique_key=['source_system', 'sales_week'],
        on_schema_change='fail',
        post_hook="{{ advance_high_water_mark(after=['fct_sales']) }}",
    )
}}
{%- set touched = touched_source_weeks() %}

{% if is_incremental() -%}
with touched_weeks as (

    {{ touched }}

),

-- As ranges of days, which an index can find. What was given back was not bought.
items as (

    select sales.*
    from {{ ref('fct_sales') }} as sales
    inner join touched_weeks
        on
            sales.source_system = touched_weeks.source_system
            and sales.business_date >= touched_weeks.sales_week
            and sales.business_date
            < cast({{ dbt.dateadd('day', 7, 'touched_weeks.sales_week') }} as date)
    where sales.quantity > 0

),
{%- else -%}
with items as (

    select * from {{ ref('fct_sales') }}
    where quantity > 0

),
{%- endif %}

-- However often a product stands on a receipt, it counts once there.
receipt_products as (

    select distinct
        transaction_id,
        product_key,
        source_system,
        cast({{ dbt.date_trunc('week', 'business_date') }} as date) as sales_week
    from items

),

final as (

    select
        first_products.product_key as first_product_key,
        second_products.product_key as second_product_key,
        first_products.source_system,
        cast(count(*) as integer) as transactions,
        first_products.sales_week
    from receipt_products as first_products
    inner join receipt_products as second_products
        on
            first_products.transaction_id = second_products.transaction_id
            and first_products.product_key < second_products.product_key
    group by
        first_products.product_key,
        second_products.product_key,
        first_products.source_system,
        first_products.sales_week

)

select * from final
