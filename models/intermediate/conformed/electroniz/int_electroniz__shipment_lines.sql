{#
    Incremental so that a line is parsed once, when it is loaded, and once more when its file is superseded: a year has
    millions of events. Lines that break a rule stay here, for int_electroniz__refused_list_lines.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file', 'feed': 'electroniz_shipments'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['shipment_key']},
            {'columns': ['change_id']},
        ],
    )
}}

with lines as (

    {{ touched_lines(ref('stg_electroniz__shipments')) }}

),

-- Before the join, which then hashes the few names.
named_lines as (

    select
        *,
        {{ normalize_branch_name('origin', is_plain=true) }} as normalized_place_name
    from lines
    {{ evaluate_once() }}

),

place_names as (

    {{ stock_place_names('electroniz') }}

),

parsed_lines as (

    select
        lines.file_id,
        lines.line_number,
        lines.source_system,
        lines.change_id,
        lines.is_current,
        lines.shipment_number,
        {{ carrier_name('lines.carrier') }} as carrier,
        {{ sales_channel('lines.channel') }} as channel,
        lines.order_number,
        lines.service,
        coalesce(place_names.branch_name, lines.origin) as origin,
        {{ country_code('lines.origin_country_text') }} as origin_country,
        {{ country_code('lines.destination_country_text') }} as destination_country,
        lines.event_code,
        {{ shipment_event_status('lines.carrier', 'lines.event_code', 'lines.event_status_text') }}
            as event_status,
        lines.event_status_text,
        lines.event_place,
        {{ currency_code('lines.currency_text') }} as currency_code,
        lines.currency_text,
        lines.shipping_cost_text,
        {{ parse_amount('lines.shipping_cost_text', decimal='.') }} as shipping_cost,
        lines.promised_on_text,
        {{ parse_date('lines.promised_on_text') }} as promised_on,
        lines.event_at_text,
        {{ local_to_utc(
            dbt.date_trunc('second', parse_moment('lines.event_at_text', "'UTC'")), "'UTC'"
        ) }} as event_at,
        {{ local_to_utc(parse_moment('lines.changed_at_text', "'UTC'"), "'UTC'") }} as changed_at,
        lines.loaded_at
    from named_lines as lines
    left join place_names on lines.normalized_place_name = place_names.normalized_place_name
    {{ evaluate_once() }}

),

dated_lines as (

    select
        *,
        cast(event_at at time zone 'UTC' as date) as event_date,
        {{ stated_day('event_at_text', 'event_at') }} as event_on
    from parsed_lines
    {{ evaluate_once() }}

),

-- A cost without a known currency cannot be added up, and an amount below zero is a credit note.
judged_lines as (

    select
        *,
        case when currency_code is not null and shipping_cost >= 0 then shipping_cost end
            as known_shipping_cost,
        {{ named_reasons({
            'shipment_missing': "shipment_number is null",
            'shipment_number_unreadable': is_number_destroyed('shipment_number'),
            'carrier_missing': "carrier is null",
            'timestamp_unreadable': "event_at is null",
            'date_out_of_range':
                "event_date < cast('" ~ var('calendar_start') ~ "' as date)"
                ~ " or event_date > cast('" ~ var('calendar_end') ~ "' as date)",
            'date_in_future': "event_at > loaded_at + interval '1 day'",
            'event_status_unknown': "event_status is null",
        }) }} as reject_reasons,
        {{ named_reasons({
            'promise_unreadable': "promised_on_text is not null and promised_on is null",
            'cost_unreadable': "shipping_cost_text is not null and shipping_cost is null",
            'cost_negative': "shipping_cost < 0",
            'currency_unreadable': "shipping_cost_text is not null and currency_code is null",
        }) }} as field_reasons
    from dated_lines
    {{ evaluate_once() }}

),

keyed_lines as (

    select
        *,
        {{ shipment_key() }} as shipment_key
    from judged_lines

),

final as (

    select
        file_id,
        line_number,
        source_system,
        change_id,
        is_current,
        shipment_key,
        {{ order_key() }} as order_key,
        {{ shipment_event_key() }} as event_key,
        shipment_number,
        carrier,
        channel,
        order_number,
        service,
        origin_country || '-' || destination_country as lane,
        origin,
        destination_country,
        event_code,
        event_status,
        event_place,
        case when known_shipping_cost is not null then currency_code end as currency_code,
        reject_reasons,
        field_reasons,
        case
            when coalesce(reject_reasons, field_reasons) is not null
                then concat_ws(
                    ' | ', shipment_number, carrier, event_at_text, event_code, event_status_text,
                    promised_on_text, shipping_cost_text, currency_text
                )
        end as refused_text,
        known_shipping_cost as shipping_cost,
        promised_on,
        event_on,
        event_at,
        changed_at
    from keyed_lines

)

select * from final
