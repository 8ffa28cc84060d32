{#
    Every file has the stock of all places on a day, and the last file of a day counts. Computed whole in each run,
    because there is one row per list; updated, not replaced, so that the views on it are not dropped.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key=['file_id', 'business_date'],
        on_schema_change='fail',
    )
}}
{%- set end_of_ledger = end_of_ledger() %}

with stock_lines as (

    select * from {{ ref('int_electroniz__stock_lines') }}
    where reject_reasons is null

),

files as (

    select * from {{ ref('int_files__versioned') }}
    where file_id <= {{ end_of_ledger }}

),

listed_days as (

    select distinct
        file_id,
        business_date
    from stock_lines

),

lists as (

    select
        listed_days.file_id,
        listed_days.business_date,
        case
            when files.superseded_by_file_id <= {{ end_of_ledger }}
                then files.superseded_by_file_id
        end as ended_file_id
    from listed_days
    inner join files on listed_days.file_id = files.file_id

),

-- Whether a list counts changes with the lists of its day that came after it.
final as (

    select
        file_id,
        cast(
            max(greatest(file_id, ended_file_id)) over (
                partition by business_date
                order by file_id
                rows between current row and unbounded following
            ) as bigint
        ) as change_id,
        ended_file_id is null
        and row_number() over (
            partition by business_date, ended_file_id is null order by file_id desc
        ) = 1 as is_current,
        business_date
    from lists

)

select * from final
