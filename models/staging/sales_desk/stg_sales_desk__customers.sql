with source as (

    select * from {{ source('sales_desk', 'sales_desk_customers') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'sales_desk' as source_system,
        {{ identifier('customer_id') }} as customer_id,
        {{ cleaned('first_name', keep=['Null']) }} as first_name,
        {{ cleaned('last_name', keep=['Null']) }} as last_name,
        {{ cleaned('address') }} as address,
        {{ identifier('pincode') }} as postal_code,
        {{ identifier('phone_number') }} as phone_number,
        {{ cleaned('customer_joining_date') }} as joined_on_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
