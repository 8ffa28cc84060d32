with source as (

    select * from {{ source('multinational', 'multinational_stores') }}

),

-- The source's longitude is the latitude, and the other way round.
renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'multinational' as source_system,
        {{ identifier('store_code') }} as store_code,
        {{ cleaned('address') }} as address_text,
        {{ cleaned('longitude') }} as latitude_text,
        {{ cleaned('latitude') }} as longitude_text,
        {{ cleaned('lat') }} as stray_text,
        {{ cleaned('locality') }} as locality,
        {{ cleaned('staff_numbers') }} as staff_numbers_text,
        {{ cleaned('opening_date') }} as opened_on_text,
        {{ cleaned('store_type') }} as store_type,
        {{ cleaned('country_code', keep=['NA']) }} as country_code_text,
        {{ cleaned('continent') }} as continent_text,
        _loaded_at as loaded_at
    from source

),

judged as (

    select
        *,
        {{ line_noise([
            'store_code', 'address_text', 'latitude_text', 'longitude_text', 'stray_text',
            'locality', 'staff_numbers_text', 'opened_on_text', 'store_type',
            'country_code_text', 'continent_text',
        ]) }} as noise
    from renamed

)

select * from judged
