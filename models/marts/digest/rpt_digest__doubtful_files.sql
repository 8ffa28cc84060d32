{# Ordered by file number, so that the files of one run are easy to select. #}
{{ config(materialized='view') }}

with transactions as (

    select * from {{ ref('int_transactions__unioned') }}
    where is_sale and quality_flags like '%also_in_another_file%'

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

doubtful_receipts as (

    select
        file_id,
        count(*) as doubtful_receipts
    from transactions
    group by file_id

),

final as (

    select
        cast(doubtful_receipts.file_id as integer) as position,
        doubtful_receipts.file_id,
        files.file_path,
        cast(doubtful_receipts.doubtful_receipts as bigint) as doubtful_receipts
    from doubtful_receipts
    inner join files on doubtful_receipts.file_id = files.file_id

)

select * from final
