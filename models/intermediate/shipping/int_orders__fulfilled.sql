{#
    Incremental by order: an order changes with its own events and with those of its shipments, and a run brings few of
    either.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='order_key',
        meta={'touched_by': 'shipped_order'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['product_key', 'ordered_on']},
            {'columns': ['product_key', 'cancelled_on']},
            {'columns': ['source_system', 'is_open', 'ordered_on']},
            {'columns': ['source_system', 'changed_at']},
            {'columns': ['cancelled_on', 'source_system']},
        ],
    )
}}
{%- set touched = touched('shipped_order') %}
{%- set shipping_channels = "'" ~ var('shipping_channels') | join("', '") ~ "'" %}

with orders as (

    select * from {{ ref('int_orders__current') }}
    {% if is_incremental() -%}
    where {{ is_one_of('order_key', touched) }}
    {%- endif %}

),

shipments as (

    select * from {{ ref('int_shipments__summed_up') }}
    where
        order_key is not null
    {% if is_incremental() -%}
        and {{ is_one_of('order_key', touched) }}
    {%- endif %}

),

-- Goods in several shipments have left when the last of them has, and are delivered when it is.
shipped_orders as (

    select
        order_key,
        case
            when bool_or(status = 'exception') then 'exception'
            when bool_or(status = 'label_created') then 'waiting'
            when bool_or(is_open) then 'in_transit'
            when bool_or(status = 'returned') then 'returned'
            else 'delivered'
        end as fulfilment_status,
        min(origin) as origin,
        count(*) as shipments,
        max(promised_on) as promised_on,
        case when count(shipped_on) = count(*) then max(shipped_on) end as left_on,
        case when count(delivered_on) = count(*) then max(delivered_on) end as delivered_on,
        max(last_event_at) as last_event_at
    from shipments
    group by order_key

),

fulfilled as (

    select
        orders.*,
        shipped_orders.origin,
        shipped_orders.promised_on,
        shipped_orders.delivered_on,
        shipped_orders.last_event_at,
        coalesce(shipped_orders.shipments, 0) as shipments,
        case
            when orders.order_status = 'deleted' then 'deleted'
            when shipped_orders.order_key is not null then shipped_orders.fulfilment_status
            when orders.channel in ({{ shipping_channels }}) then 'waiting'
            else 'handed_over'
        end as fulfilment_status,
        case
            when orders.order_status = 'deleted'
                then cast(orders.changed_at at time zone 'UTC' as date)
        end as cancelled_on,
        shipped_orders.left_on,
        shipped_orders.order_key is null
        and orders.channel not in ({{ shipping_channels }}) as is_taken_along
    from orders
    left join shipped_orders on orders.order_key = shipped_orders.order_key

),

final as (

    select
        order_key,
        source_system,
        branch_key,
        branch_name,
        product_key,
        channel,
        order_number,
        product_id,
        product_name,
        fulfilment_status,
        {{ branch_key('origin') }} as origin_branch_key,
        currency_code,
        quantity,
        net_amount,
        shipments,
        fulfilment_status in ('waiting', 'in_transit', 'exception') as is_open,
        ordered_on,
        promised_on,
        -- What was taken along was gone before the order was deleted, also where its day, on the
        -- clock of the store, is later than the one of the deletion, in UTC.
        case when is_taken_along then least(ordered_on, cancelled_on) else left_on end as left_on,
        delivered_on,
        cancelled_on,
        changed_at,
        last_event_at
    from fulfilled

)

select * from final
