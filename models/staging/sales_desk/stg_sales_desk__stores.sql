with source as (

    select * from {{ source('sales_desk', 'sales_desk_stores') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'sales_desk' as source_system,
        {{ told('id') }} as store_id,
        {{ told('address') }} as address,
        {{ told('store_pincode') }} as postal_code,
        {{ told('store_manager_name') }} as manager_name,
        {{ told('store_opening_date') }} as opened_on_text,
        {{ told('reviews') }} as reviews,
        _loaded_at as loaded_at
    from source

)

select * from renamed
