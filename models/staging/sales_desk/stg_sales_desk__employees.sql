with source as (

    select * from {{ source('sales_desk', 'sales_desk_employees') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'sales_desk' as source_system,
        {{ told('id') }} as employee_id,
        {{ told('first_name') }} as first_name,
        {{ told('last_name') }} as last_name,
        {{ told('manager_id') }} as manager_id,
        upper({{ told('is_manager') }}) in ('Y', 'YES', 'TRUE', 'T', '1') as is_manager,
        {{ told('address') }} as address,
        {{ told('pincode') }} as postal_code,
        {{ told('joining_date') }} as joined_on_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
