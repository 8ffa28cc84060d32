{#
    Incremental by product and day of order: what orders take from the stock, added up, so that no report has to read all
    orders. Orders that were made, left and were deleted on the same days are one row.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['product_key', 'ordered_on'],
        meta={'touched_by': 'ordered_product_day'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['product_key', 'ordered_on']},
            {'columns': ['product_key', 'left_on']},
            {'columns': ['source_system', 'ordered_on']},
        ],
    )
}}
{%- set touched = touched('ordered_product_day') %}

with orders as (

    {% if is_incremental() -%}
    {{ look_up(
        ref('int_orders__fulfilled'),
        touched,
        'found.product_key = wanted.product_key and found.ordered_on = wanted.ordered_on'
    ) }}
    {%- else -%}
    select * from {{ ref('int_orders__fulfilled') }}
    where product_key is not null and ordered_on is not null
    {%- endif %}

),

final as (

    select
        {{ dbt_utils.generate_surrogate_key([
            'product_key', 'source_system', 'ordered_on', 'origin_branch_key', 'left_on', 'cancelled_on'
        ]) }} as claim_key,
        product_key,
        source_system,
        origin_branch_key,
        count(*) as orders,
        sum(quantity) as quantity,
        ordered_on,
        left_on,
        cancelled_on
    from orders
    group by product_key, source_system, ordered_on, origin_branch_key, left_on, cancelled_on

)

select * from final
