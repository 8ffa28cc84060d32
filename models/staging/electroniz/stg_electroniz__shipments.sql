with source as (

    select * from {{ source('electroniz', 'electroniz_shipments') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'electroniz' as source_system,
        {{ identifier('shipment_number') }} as shipment_number,
        {{ cleaned('channel') }} as channel,
        {{ identifier('order_number') }} as order_number,
        {{ cleaned('carrier') }} as carrier,
        {{ cleaned('service') }} as service,
        {{ cleaned('origin') }} as origin,
        {{ cleaned('origin_country') }} as origin_country_text,
        {{ cleaned('destination_country') }} as destination_country_text,
        {{ cleaned('promised_on') }} as promised_on_text,
        {{ cleaned('shipping_cost') }} as shipping_cost_text,
        {{ cleaned('currency') }} as currency_text,
        {{ cleaned('event_code') }} as event_code,
        {{ cleaned('event_status') }} as event_status_text,
        {{ cleaned('event_place') }} as event_place,
        {{ cleaned('event_time') }} as event_at_text,
        {{ cleaned('updated_at') }} as changed_at_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
