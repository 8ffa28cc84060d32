with source as (

    select * from {{ source('ingest', 'ingest_rejects') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        feed,
        reason,
        line as line_text,
        _loaded_at as rejected_at
    from source

)

select * from renamed
