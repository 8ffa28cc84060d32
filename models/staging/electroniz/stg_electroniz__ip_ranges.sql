with source as (

    select * from {{ source('electroniz', 'electroniz_ip_ranges') }}

),

-- NA is Namibia.
renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'electroniz' as source_system,
        upper({{ cleaned('country_code', keep=['NA']) }}) as country_code,
        {{ cleaned('country_name') }} as country_name,
        {{ identifier('ip_from') }} as ip_from_text,
        {{ identifier('ip_to') }} as ip_to_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
