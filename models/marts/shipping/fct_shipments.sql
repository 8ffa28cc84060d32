{# A view, because costs are converted by rates that may change; what it reads is stored. #}
{{ config(materialized='view', meta={'touched_by': 'shipment'}) }}

with shipments as (

    select * from {{ ref('int_shipments__summed_up') }}

),

{{ converted('shipments', ref('int_exchange_rates__ranges'), on='first_event_on') }},

final as (

    select
        shipment_key,
        order_key,
        source_system,
        shipment_number,
        channel,
        order_number,
        carrier,
        service,
        lane,
        origin,
        destination_country,
        status,
        currency_code,
        events,
        exceptions,
        shipping_cost,
        {{ company_amount('shipping_cost') }} as shipping_cost_company,
        days_late,
        is_open,
        days_late <= 0 as is_on_time,
        is_scanned_after_delivery,
        is_rate_estimated,
        due_week,
        promised_on,
        last_promised_on,
        first_event_on,
        shipped_on,
        delivered_on,
        label_created_at,
        shipped_at,
        delivered_at,
        last_event_at
    from converted

)

select * from final
