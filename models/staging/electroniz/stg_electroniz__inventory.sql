with source as (

    select * from {{ source('electroniz', 'electroniz_inventory') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'electroniz' as source_system,
        {{ cleaned('product') }} as product_name,
        coalesce({{ cleaned('city') }}, {{ cleaned('warehouse') }}) as place_name,
        {{ cleaned('inventory') }} as quantity_text,
        {{ cleaned('inventory_date') }} as stock_date_text,
        {{ record_key() }} as record_key,
        _loaded_at as loaded_at
    from source

)

select * from renamed
