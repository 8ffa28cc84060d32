{#
    Incremental by branch and business date: a count stays in the lists until the next one, so a list is compared with
    the one before it.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        meta={'touched_by': 'judged_stock_day'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('judged_stock_day') %}
{%- set levels = ref('int_stock_levels__daily') %}

with stock_days as (

    select * from {{ ref('int_stock_days__windows') }}
    {% if is_incremental() -%}
    where (branch_key, business_date) in ({{ touched }})
    {%- endif %}

),

counted_levels as (

    {% if is_incremental() -%}
    select * from ({{ look_up_branch_days(levels, touched) }}) as touched_levels
    {%- else -%}
    select * from {{ levels }}
    {%- endif %}
    where counted_quantity is not null

),

{% if is_incremental() -%}
previous_days as (

    select
        branch_key,
        previous_date as business_date
    from stock_days
    where previous_date is not null

),
{%- endif %}

previous_levels as (

    {% if is_incremental() -%}
    select * from ({{ look_up_branch_days(levels, 'select * from previous_days') }}) as previous
    {%- else -%}
    select * from {{ levels }}
    {%- endif %}
    where counted_quantity is not null

),

final as (

    select
        counted_levels.product_key,
        counted_levels.branch_key,
        counted_levels.source_system,
        counted_levels.product_id,
        counted_levels.recorded_quantity,
        counted_levels.counted_quantity,
        counted_levels.business_date,
        counted_levels.loaded_at
    from counted_levels
    inner join stock_days
        on
            counted_levels.branch_key = stock_days.branch_key
            and counted_levels.business_date = stock_days.business_date
    left join previous_levels
        on
            counted_levels.product_key = previous_levels.product_key
            and counted_levels.branch_key = previous_levels.branch_key
            and stock_days.previous_date = previous_levels.business_date
    where
        previous_levels.counted_quantity is null
        or previous_levels.counted_quantity <> counted_levels.counted_quantity

)

select * from final
