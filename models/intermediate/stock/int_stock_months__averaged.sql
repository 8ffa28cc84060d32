{# Incremental by branch and month: a night touches one month. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'stock_month'],
        meta={'touched_by': 'stock_month'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('stock_month') %}

{% if is_incremental() -%}
with touched_months as (

    {{ touched }}

),

-- As ranges of days, which an index can find.
stock_levels as (

    select stock_levels.*
    from {{ ref('int_stock_levels__daily') }} as stock_levels
    inner join touched_months
        on
            stock_levels.branch_key = touched_months.branch_key
            and stock_levels.business_date >= touched_months.stock_month
            and stock_levels.business_date
            < cast({{ dbt.dateadd('month', 1, 'touched_months.stock_month') }} as date)

),
{%- else -%}
with stock_levels as (

    select * from {{ ref('int_stock_levels__daily') }}

),
{%- endif %}

-- A balance below zero is a fault of the records: nothing is in stock.
final as (

    select
        product_key,
        branch_key,
        source_system,
        max(product_id) as product_id,
        cast(count(*) as integer) as listed_days,
        cast(avg(greatest(stock_quantity, 0)) as numeric(18, 3)) as average_quantity,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as stock_month
    from stock_levels
    group by
        product_key,
        branch_key,
        source_system,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date)

)

select * from final
