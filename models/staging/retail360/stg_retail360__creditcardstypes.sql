with source as (

    select * from {{ source('retail360', 'retail360_creditcardstypes') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'retail360' as source_system,
        {{ identifier('creditcardtype') }} as card_type_id,
        {{ cleaned('carddesc') }} as card_type,
        _loaded_at as loaded_at
    from source

)

select * from renamed
