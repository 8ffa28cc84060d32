with source as (

    select * from {{ source('electroniz', 'electroniz_products') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'electroniz' as source_system,
        {{ identifier('product_code') }} as product_id,
        {{ cleaned('product_name') }} as product_name,
        {{ cleaned('product_category') }} as category,
        {{ cleaned('updated_at') }} as changed_at_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
