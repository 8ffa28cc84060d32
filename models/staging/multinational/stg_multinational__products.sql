with source as (

    select * from {{ source('multinational', 'multinational_products') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'multinational' as source_system,
        {{ identifier('product_code') }} as product_id,
        {{ cleaned('product_name') }} as product_name,
        {{ cleaned('product_price') }} as price_text,
        {{ cleaned('weight') }} as weight_text,
        {{ cleaned('category') }} as category,
        {{ identifier('ean') }} as ean,
        {{ cleaned('date_added') }} as listed_on_text,
        {{ identifier('uuid') }} as product_uuid,
        {{ cleaned('removed') }} as removed_text,
        _loaded_at as loaded_at
    from source

),

judged as (

    select
        *,
        {{ line_noise([
            'product_id', 'product_name', 'price_text', 'weight_text', 'category', 'ean',
            'listed_on_text', 'product_uuid', 'removed_text',
        ]) }} as noise
    from renamed

)

select * from judged
