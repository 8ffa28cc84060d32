with source as (

    select * from {{ source('ingest', 'ingest_files') }}

),

renamed as (

    select
        file_id,
        superseded_by as superseded_by_file_id,
        feed,
        path as file_path,
        logical_file,
        branch as file_branch,
        covers,
        status,
        reason,
        sha256,
        bytes,
        row_count,
        rejected_count,
        business_date as file_business_date,
        file_modified_at,
        seen_at,
        loaded_at,
        superseded_at
    from source

)

select * from renamed
