with source as (

    select * from {{ source('sales_desk', 'sales_desk_customers') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'sales_desk' as source_system,
        {{ cleaned('customer_id') }} as customer_id,
        {{ cleaned('first_name') }} as first_name,
        {{ cleaned('last_name') }} as last_name,
        {{ cleaned('address') }} as address,
        {{ cleaned('pincode') }} as postal_code,
        {{ cleaned('phone_number') }} as phone_number,
        {{ cleaned('customer_joining_date') }} as joined_on_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
