with source as (

    select * from {{ source('retail360', 'retail360_items') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'retail360' as source_system,
        {{ identifier('item_id') }} as product_id,
        {{ cleaned('itemdesc') }} as product_name,
        {{ identifier('itemtype') }} as product_type_id,
        {{ cleaned('costperunit') }} as unit_cost_text,
        {{ cleaned('price1') }} as list_price_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
