with source as (

    select * from {{ source('electroniz', 'electroniz_access_log') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'electroniz' as source_system,
        ip_token,
        ip_network,
        ip_unreadable,
        {{ cleaned('time') }} as requested_at_text,
        {{ cleaned('request') }} as request_text,
        {{ cleaned('response') }} as status_text,
        {{ cleaned('agent') }} as agent,
        _loaded_at as loaded_at
    from source

)

select * from renamed
