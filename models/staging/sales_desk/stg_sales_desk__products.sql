with source as (

    select * from {{ source('sales_desk', 'sales_desk_products') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'sales_desk' as source_system,
        {{ identifier('id') }} as product_id,
        {{ cleaned('name') }} as product_name,
        {{ cleaned('current_price') }} as current_price_text,
        {{ cleaned('old_price') }} as old_price_text,
        {{ cleaned('created_date') }} as created_on_text,
        {{ cleaned('updated_date') }} as updated_on_text,
        {{ cleaned('expiry_date') }} as expires_on_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
