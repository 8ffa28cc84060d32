{#
    Every list of stock that was ever loaded is of a business day, and the last one of a day counts: former versions are
    the history of the stock, which the till does not keep. Computed whole in each run, because there is one row per
    list; updated, not replaced, so that the views on it are not dropped.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key='file_id',
        on_schema_change='fail',
    )
}}
{%- set end_of_ledger = end_of_ledger() %}

with files as (

    select * from {{ ref('stg_ingest__files') }}
    where
        feed in ('retail360_inventory', 'retail360_documents')
        and status in ('loaded', 'superseded')
        and file_id <= {{ end_of_ledger }}

),

stores as (

    {{ stores_of_files('files', 'retail360') }}

),

document_days as (

    select * from {{ ref('int_retail360__document_days') }}

),

-- An empty version takes the place of one that is withdrawn.
versions as (

    select
        files.file_id,
        files.feed,
        files.loaded_at,
        withdrawals.file_id as withdrawn_file_id,
        stores.source_system,
        stores.branch_key,
        stores.branch_name,
        stores.time_zone,
        document_days.latest_business_date
    from files
    inner join stores on coalesce(files.file_branch, '') = stores.store_folder
    left join files as withdrawals
        on
            files.superseded_by_file_id = withdrawals.file_id
            and withdrawals.row_count = 0
    left join document_days on files.file_id = document_days.file_id
    where files.row_count > 0

),

-- Up to each list, in the order of loading, also of documents that were withdrawn since: the day of
-- a list never changes.
dated_versions as (

    select
        *,
        max(latest_business_date) over (
            partition by branch_key order by file_id
        ) as documents_business_date
    from versions

),

lists as (

    select
        file_id,
        withdrawn_file_id,
        source_system,
        branch_key,
        branch_name,
        loaded_at,
        greatest(file_id, withdrawn_file_id) as list_change_id,
        documents_business_date is not null as has_documents,
        -- A store without documents: the day on which the list was loaded.
        coalesce(
            documents_business_date, cast(loaded_at at time zone time_zone as date)
        ) as business_date
    from dated_versions
    where feed = 'retail360_inventory'

),

-- A list that came before any document, and is dated later than a list after it, would be the
-- latest for ever: it counts until a list with documents does.
compared_lists as (

    select
        *,
        min(case when has_documents then business_date end) over of_branch as documents_date,
        min(case when has_documents and withdrawn_file_id is null then business_date end)
            over of_branch as counted_documents_date,
        min(case when has_documents and withdrawn_file_id is null then file_id end)
            over of_branch as counted_documents_file_id
    from lists
    window of_branch as (partition by branch_key)

),

judged_lists as (

    select
        *,
        not has_documents and business_date > documents_date as may_be_replaced,
        coalesce(
            not has_documents and business_date > counted_documents_date, false
        ) as is_replaced,
        max(
            case
                when
                    has_documents
                    and file_id <= coalesce(counted_documents_file_id, file_id)
                    then list_change_id
            end
        ) over (partition by branch_key) as documents_change_id
    from compared_lists

),

final as (

    select
        file_id,
        cast(
            greatest(
                max(list_change_id) over (
                    partition by branch_key, business_date
                    order by file_id
                    rows between current row and unbounded following
                ),
                case when may_be_replaced then documents_change_id end
            ) as bigint
        ) as change_id,
        source_system,
        branch_key,
        branch_name,
        withdrawn_file_id is null
        and not is_replaced
        and row_number() over (
            partition by branch_key, business_date, withdrawn_file_id is null
            order by file_id desc
        ) = 1 as is_current,
        business_date,
        loaded_at
    from judged_lists

)

select * from final
