-- For every loaded file of these feeds, raw has as many rows and rejects as the ledger says; a file
-- that was not loaded has neither.
{%- set scope, raw_scope = in_scope('file'), in_scope('raw_file') %}
{#- Feeds that models read: dbt's sources that are tables of a feed. Other tables in raw are not
declared to dbt. Read from raw, because `ref` does not accept a computed name. #}
{%- set tables = graph.sources.values()
    | selectattr('source_name', 'in', var('source_systems')) | list %}
{%- set feeds = "'" ~ tables | map(attribute='name') | join("', '") ~ "'" %}

with files as (

    select * from {{ ref('stg_ingest__files') }}
    where feed in ({{ feeds }}) and {{ scope }}

),

lines as (

    select file_id from {{ ref('stg_ingest__files') }}
    where false
    {%- for table in tables %}
    union all
    select _file_id as file_id from {{ table.relation_name }}
    where {{ raw_scope }}
    {%- endfor %}

),

raw_rows as (

    select
        file_id,
        count(*) as row_count
    from lines
    group by file_id

),

rejects as (

    select
        file_id,
        count(*) as rejected_count
    from {{ ref('stg_ingest__rejects') }}
    where feed in ({{ feeds }}) and {{ scope }}
    group by file_id

)

select
    files.file_id,
    files.status,
    files.row_count as ledger_row_count,
    raw_rows.row_count as raw_row_count,
    files.rejected_count as ledger_rejected_count,
    rejects.rejected_count as raw_rejected_count
from files
full outer join raw_rows on files.file_id = raw_rows.file_id
full outer join rejects on files.file_id = rejects.file_id
where
    files.file_id is null
    or (
        files.status in ('loaded', 'superseded')
        and (
            files.row_count <> coalesce(raw_rows.row_count, 0)
            or files.rejected_count <> coalesce(rejects.rejected_count, 0)
        )
    )
    or (
        files.status in ('duplicate', 'quarantined', 'erasure')
        and (raw_rows.row_count is not null or rejects.rejected_count is not null)
    )
