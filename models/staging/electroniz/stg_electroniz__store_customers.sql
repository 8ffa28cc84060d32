with source as (

    select * from {{ source('electroniz', 'electroniz_store_customers') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'electroniz' as source_system,
        {{ identifier('customer_id') }} as customer_id,
        {{ cleaned('customer_name', keep=['Null']) }} as full_name,
        {{ cleaned('address') }} as street_address,
        {{ cleaned('city') }} as city,
        {{ identifier('postalcode') }} as postal_code,
        {{ cleaned('country') }} as country_text,
        {{ identifier('phone') }} as phone_text,
        {{ cleaned('email') }} as email_text,
        card_token,
        card_last4,
        {{ cleaned('card_unreadable') }} as card_unreadable,
        {{ cleaned('updated_at') }} as changed_at_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
