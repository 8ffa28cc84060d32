{#
    Incremental by branch and business date: read by all models that compare lists, so that they need not count levels.
#}
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
        branch_key,
        source_system,
        max(branch_name) as branch_name,
        count(*) as products,
        count(counted_quantity) as counted_products,
        coalesce(bool_or(covers_all_places), false) as covers_all_places,
        business_date,
        max(loaded_at) as loaded_at
    from stock_levels
    group by branch_key, source_system, business_date

)

select * from final
