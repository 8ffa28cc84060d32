{# Incremental by branch and business date: history only grows, a night brings one list. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        meta={'touched_by': 'stock_list'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('stock_list') %}

with stock_levels as (

    select * from {{ ref('int_stock_levels__unioned') }}
    where
        is_current
    {% if is_incremental() -%}
        and (branch_key, business_date) in ({{ touched }})
        -- Pairs are looked up after all levels are added up, days before it.
        and {{ is_one_of('business_date', 'select days.business_date from (' ~ touched ~ ') as days') }}
    {%- endif %}

),

final as (

    select
        product_key,
        branch_key,
        source_system,
        product_id,
        stock_quantity,
        recorded_quantity,
        counted_quantity,
        business_date,
        loaded_at
    from stock_levels

)

select * from final
