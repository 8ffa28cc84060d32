with source as (

    select * from {{ source('electroniz', 'electroniz_exchange_rates') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'electroniz' as source_system,
        {{ cleaned('base_code') }} as from_currency_text,
        {{ cleaned('currency_code') }} as to_currency_text,
        {{ cleaned('rate') }} as rate_text,
        {{ cleaned('stated_at') }} as stated_at_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
