-- Every line of every current log is a request or a rejected line: as many rows as the ledger
-- counts. Files loaded since the lines were parsed wait for the next build.
{{ config(enabled='electroniz' in var('source_systems')) }}
{%- set mark = high_water_mark('int_electroniz__log_lines') %}
{%- set scope = in_scope('file') %}

with files as (

    select * from {{ ref('int_files__versioned') }}
    where
        feed = 'electroniz_access_log'
        and {{ counts_as_of(mark) }}
        and {{ scope }}

),

ledger as (

    select * from {{ ref('stg_ingest__files') }}

),

requests as (

    select
        file_id,
        count(*) as row_count
    from {{ ref('int_electroniz__page_requests') }}
    where {{ scope }}
    group by file_id

),

rejected as (

    select
        file_id,
        count(*) as row_count
    from {{ ref('int_electroniz__traffic_lines_refused') }}
    where {{ scope }}
    group by file_id

)

select
    files.file_id,
    ledger.row_count,
    requests.row_count as requests,
    rejected.row_count as rejected
from files
inner join ledger on files.file_id = ledger.file_id
left join requests on files.file_id = requests.file_id
left join rejected on files.file_id = rejected.file_id
where ledger.row_count <> coalesce(requests.row_count, 0) + coalesce(rejected.row_count, 0)
