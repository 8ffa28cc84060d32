with source as (

    select * from {{ source('retail360', 'retail360_itemtypes') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'retail360' as source_system,
        {{ identifier('type_id') }} as product_type_id,
        {{ cleaned('typedesc') }} as category,
        _loaded_at as loaded_at
    from source

)

select * from renamed
