{#
    Incremental by shipment: history only grows, and a run brings events of few shipments. An event that is reported again
    is one row, whatever file or poll it came with.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='shipment_key',
        meta={'touched_by': 'shipment', 'data_lag': {'fct_shipment_events': ['shipments']}},
        on_schema_change='fail',
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

events as (

    select
        shipment_key,
        event_key,
        max(event_status) as event_status,
        {% for name in [
            'order_key', 'source_system', 'shipment_number', 'carrier', 'event_code', 'event_place',
        ] -%}
        {{ stated_last(name) }} as {{ name }},
        {% endfor -%}
        count(*) as reports,
        coalesce(min(event_on), cast(min(event_at) at time zone 'UTC' as date)) as event_on,
        min(event_at) as event_at,
        min(changed_at) as first_reported_at
    from reports
    group by shipment_key, event_key

),

final as (

    select
        shipment_key,
        event_key,
        order_key,
        source_system,
        shipment_number,
        carrier,
        event_status,
        event_code,
        event_place,
        row_number() over (
            partition by shipment_key
            order by event_at, {{ shipment_stage('event_status') }}, event_key
        ) as event_number,
        reports,
        event_on,
        event_at,
        first_reported_at
    from events

)

select * from final
