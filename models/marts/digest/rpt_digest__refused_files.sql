{{ config(materialized='view') }}

-- Lines that did not split are left out: the load has reported them.
with refused_rows as (

    select * from {{ ref('rejected_rows') }}
    where refused_at_step <> 'split'

),

files as (

    select * from {{ ref('stg_ingest__files') }}
    where status = 'loaded'

),

reasons as (

    select
        feed,
        file_path,
        reject_reasons,
        count(*) as refused_rows
    from refused_rows
    group by feed, file_path, reject_reasons

),

refused_files as (

    select
        feed,
        file_path,
        sum(refused_rows) as refused_rows,
        {{ dbt.listagg(
            "reject_reasons || ': ' || cast(refused_rows as text)",
            "'; '",
            "order by refused_rows desc, reject_reasons"
        ) }} as counted_reasons
    from reasons
    group by feed, file_path

),

-- Where a row of a newer file superseded the row, that file is the newest.
counting_files as (

    select
        refused_rows.feed,
        refused_rows.file_path,
        max(files.file_id) as newest_file_id
    from refused_rows
    inner join files
        on
            refused_rows.feed = files.feed
            and refused_rows.counted_in_file_path = files.file_path
    group by refused_rows.feed, refused_rows.file_path

),

final as (

    select
        cast(
            row_number() over (
                order by
                    refused_files.refused_rows desc,
                    refused_files.file_path asc,
                    refused_files.feed asc
            ) as integer
        ) as position,
        files.file_id,
        greatest(files.file_id, counting_files.newest_file_id) as newest_file_id,
        refused_files.feed,
        refused_files.file_path,
        refused_files.counted_reasons,
        cast(files.row_count as bigint) as file_rows,
        cast(refused_files.refused_rows as bigint) as refused_rows
    from refused_files
    inner join files
        on
            refused_files.feed = files.feed
            and refused_files.file_path = files.file_path
    left join counting_files
        on
            refused_files.feed = counting_files.feed
            and refused_files.file_path = counting_files.file_path

)

select * from final
