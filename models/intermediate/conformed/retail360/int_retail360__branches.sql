{#
    The source has no list of its stores: a store is one with files. It changes once, with its first file, so that the
    marts which depend on the list of branches are not built anew every night.
#}
with files as (

    select * from {{ ref('stg_ingest__files') }}

),

stores as (

    {{ stores_of_files('files', 'retail360') }}

),

-- An empty version takes the place of one that is withdrawn.
final as (

    select
        stores.source_system,
        stores.branch_name,
        min(stores.country_code) as country_code,
        min(files.file_id) as file_id,
        case
            when bool_or(files.status = 'loaded') then min(files.file_id)
            else max(coalesce(files.superseded_by_file_id, files.file_id))
        end as change_id,
        bool_or(files.status = 'loaded') as is_current
    from files
    inner join stores on coalesce(files.file_branch, '') = stores.store_folder
    where
        left(files.feed, 10) = 'retail360_'
        and files.status in ('loaded', 'superseded')
        and files.row_count > 0
    group by stores.source_system, stores.branch_name

)

{{ conform(
    'branches',
    from='final',
    expressions={'line_number': '1'},
    lacks=['region', 'opening_date'],
    adds=['country_code']
) }}
