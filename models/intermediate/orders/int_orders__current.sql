{# Incremental by order: history only grows, a night touches few orders. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='order_key',
        meta={'touched_by': 'order'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['change_id']},
        ],
    )
}}
{%- set touched = touched('order') %}

with order_changes as (

    {% if is_incremental() -%}
    {{ look_up(ref('int_order_changes__unioned'), touched, 'found.order_key = wanted.order_key') }}
    {%- else -%}
    select * from {{ ref('int_order_changes__unioned') }}
    {%- endif %}

),

-- When any of its events last changed: a former event may have come late.
changed_orders as (

    select
        order_key,
        max(change_id) as change_id
    from order_changes
    group by order_key

),

final as (

    select
        order_changes.order_key,
        order_changes.source_system,
        order_changes.branch_key,
        order_changes.customer_key,
        order_changes.product_key,
        order_changes.channel,
        order_changes.order_number,
        order_changes.branch_name,
        order_changes.product_id,
        order_changes.product_name,
        order_changes.currency_code,
        case when order_changes.order_mode = 'DELETE' then 'deleted' else 'open' end
            as order_status,
        changed_orders.change_id,
        order_changes.quantity,
        order_changes.unit_price,
        order_changes.net_amount,
        order_changes.is_product_known,
        order_changes.ordered_on,
        order_changes.changed_at
    from order_changes
    inner join changed_orders on order_changes.order_key = changed_orders.order_key
    where order_changes.is_current and order_changes.is_latest

)

select * from final
