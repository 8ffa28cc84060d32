with files as (

    select * from {{ ref('stg_ingest__files') }}

),

-- Duplicate and quarantined files have no rows.
loaded_versions as (

    select * from files
    where status in ('loaded', 'superseded')

),

final as (

    select
        file_id,
        superseded_by_file_id,
        feed,
        file_path,
        logical_file,
        file_branch,
        covers,
        status = 'loaded' as is_current,
        file_business_date
    from loaded_versions

)

select * from final
