with source as (

    select * from {{ source('sales_desk', 'sales_desk_stores') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'sales_desk' as source_system,
        {{ identifier('id') }} as store_id,
        {{ cleaned('address') }} as address,
        {{ identifier('store_pincode') }} as postal_code,
        {{ cleaned('store_manager_name') }} as manager_name,
        {{ cleaned('store_opening_date') }} as opened_on_text,
        {{ cleaned('reviews') }} as reviews,
        _loaded_at as loaded_at
    from source

)

select * from renamed
