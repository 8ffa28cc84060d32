with source as (

    select * from {{ source('sales_desk', 'sales_desk_employees') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'sales_desk' as source_system,
        {{ identifier('id') }} as employee_id,
        {{ cleaned('first_name', keep=['Null']) }} as first_name,
        {{ cleaned('last_name', keep=['Null']) }} as last_name,
        {{ identifier('manager_id') }} as manager_id,
        upper({{ identifier('is_manager') }}) in ('Y', 'YES', 'TRUE', 'T', '1') as is_manager,
        {{ cleaned('address') }} as address,
        {{ identifier('pincode') }} as postal_code,
        {{ cleaned('joining_date') }} as joined_on_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
