with source as (

    select * from {{ source('electroniz', 'electroniz_web_orders') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'electroniz' as source_system,
        'online' as channel,
        {{ identifier('event_id') }} as event_id,
        {{ cleaned('event_type') }} as event_type,
        {{ cleaned('subject') }} as subject,
        {{ cleaned('data_version') }} as data_version,
        {{ identifier('order_number') }} as order_number,
        {{ cleaned('customer_name', keep=['Null']) }} as customer_name,
        {{ cleaned('address') }} as street_address,
        {{ cleaned('city') }} as city,
        {{ identifier('postalcode') }} as postal_code,
        {{ cleaned('country') }} as country_text,
        {{ identifier('phone') }} as phone_text,
        {{ cleaned('email') }} as email_text,
        {{ cleaned('product_name') }} as product_name,
        upper({{ cleaned('order_mode') }}) as order_mode,
        {{ cleaned('order_date') }} as ordered_on_text,
        sale_price as price_text,
        {{ cleaned('currency') }} as currency_text,
        {{ cleaned('event_time') }} as changed_at_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
