with source as (

    select * from {{ source('retail360', 'retail360_inventory') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'retail360' as source_system,
        {{ identifier('item_id') }} as product_id,
        {{ identifier('card_id') }} as card_id_text,
        {{ identifier('cardsgroup') }} as card_group_text,
        {{ cleaned('openinginventory') }} as opening_quantity_text,
        {{ cleaned('inventorybalance') }} as recorded_quantity_text,
        {{ cleaned('countedinventory') }} as counted_quantity_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
