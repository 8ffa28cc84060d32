{#
    Incremental by shipment: history only grows, and a run brings events of few shipments. Each is computed from all of its
    events, because they come late and in any order.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='shipment_key',
        meta={'touched_by': 'shipment', 'data_lag': {'fct_shipments': ['shipments']}},
        on_schema_change='fail',
        indexes=[
            {'columns': ['order_key']},
            {'columns': ['source_system', 'due_week']},
            {'columns': ['currency_code', 'first_event_on']},
            {'columns': ['is_open']},
        ],
    )
}}
{%- set touched = touched('shipment') %}

with reports as (

    select * from {{ ref('int_shipment_events__unioned') }}
    where
        is_current
    {% if is_incremental() -%}
        and {{ is_one_of('shipment_key', touched) }}
    {%- endif %}

),

-- The first promise counts: a later one is often made when the shipment is late already.
shipments as (

    select
        shipment_key,
        {% for name in [
            'order_key', 'source_system', 'shipment_number', 'channel', 'order_number', 'carrier', 'service', 'lane',
            'origin', 'destination_country', 'currency_code', 'shipping_cost',
        ] -%}
        {{ stated_last(name) }} as {{ name }},
        {% endfor -%}
        {{ stated_first('promised_on') }} as promised_on,
        {{ stated_last('promised_on') }} as last_promised_on
    from reports
    group by shipment_key

),

-- Each event once. Where no report states the local day, it is the day in UTC.
events as (

    select
        shipment_key,
        event_key,
        max(event_status) as event_status,
        min(event_at) as event_at,
        coalesce(min(event_on), cast(min(event_at) at time zone 'UTC' as date)) as event_on
    from reports
    group by shipment_key, event_key

),

-- What is delivered after it was returned is delivered to the sender.
compared_events as (

    select
        *,
        event_status = 'delivered'
        and coalesce(
            event_at < min(event_at) filter (where event_status = 'returned') over of_shipment, true
        ) as is_delivery
    from events
    window of_shipment as (partition by shipment_key)

),

delivered_events as (

    select
        *,
        max(event_at) filter (where is_delivery) over of_shipment as last_delivered_at
    from compared_events
    window of_shipment as (partition by shipment_key)

),

-- Scanned as delivered, on its way again, and delivered again: the later delivery counts. A scan
-- after the last delivery is late, and changes nothing.
judged_events as (

    select
        *,
        is_delivery and coalesce(
            event_at >= max(event_at) filter (
                where {{ is_on_the_way('event_status') }} and event_at <= last_delivered_at
            ) over of_shipment,
            true
        ) as is_last_delivery
    from delivered_events
    window of_shipment as (partition by shipment_key)

),

progress as (

    select
        shipment_key,
        case
            when bool_or(event_status = 'returned') then 'returned'
            when bool_or(is_delivery) then 'delivered'
            else (
                array_agg(
                    event_status
                    order by
                        event_status = 'label_created',
                        event_at desc,
                        {{ shipment_stage('event_status') }} desc
                )
            )[1]
        end as status,
        count(*) as events,
        count(*) filter (where event_status = 'exception') as exceptions,
        min(event_on) as first_event_on,
        max(event_on) as last_event_on,
        min(event_on) filter (where {{ has_left('event_status') }}) as shipped_on,
        (array_agg(event_on order by event_at) filter (where is_last_delivery))[1] as delivered_on,
        min(event_at) filter (where event_status = 'label_created') as label_created_at,
        min(event_at) filter (where {{ has_left('event_status') }}) as shipped_at,
        min(event_at) filter (where is_last_delivery) as delivered_at,
        max(event_at) filter (where {{ is_on_the_way('event_status') }}) as last_moved_at,
        max(event_at) as last_event_at
    from judged_events
    group by shipment_key

),

final as (

    select
        shipments.shipment_key,
        shipments.order_key,
        shipments.source_system,
        shipments.shipment_number,
        shipments.channel,
        shipments.order_number,
        shipments.carrier,
        shipments.service,
        coalesce(shipments.lane, 'unknown') as lane,
        shipments.origin,
        shipments.destination_country,
        progress.status,
        shipments.currency_code,
        progress.events,
        progress.exceptions,
        cast(shipments.shipping_cost as numeric(18, 2)) as shipping_cost,
        cast(
            {{ days_between('shipments.promised_on', 'progress.delivered_on') }} as integer
        ) as days_late,
        {{ is_shipment_open('progress.status') }} as is_open,
        coalesce(progress.last_moved_at > progress.delivered_at, false)
            as is_scanned_after_delivery,
        cast(
            {{ dbt.date_trunc(
                'week',
                'coalesce(shipments.promised_on, progress.shipped_on, progress.first_event_on)'
            ) }} as date
        ) as due_week,
        shipments.promised_on,
        shipments.last_promised_on,
        progress.first_event_on,
        progress.last_event_on,
        progress.shipped_on,
        progress.delivered_on,
        progress.label_created_at,
        progress.shipped_at,
        progress.delivered_at,
        progress.last_event_at
    from shipments
    inner join progress on shipments.shipment_key = progress.shipment_key

)

select * from final
