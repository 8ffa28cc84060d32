{#
    Incremental by file: the rows of a file version never get another time, and a run brings few files. A list of stock
    states a day only, so its event is the writing of the file. A time after the load is a wrong clock: it is left out,
    or it would hide how old the others are.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['file_id', 'subject'],
        meta={'touched_by': 'file'},
        on_schema_change='fail',
    )
}}
{%- set mark = high_water_mark() %}
{%- set is_new = 'change_id > ' ~ mark ~ ' and file_id > ' ~ mark %}

with receipts as (

    select * from {{ ref('int_transactions__unioned') }}
    where {{ is_new }} and is_time_known

),

order_changes as (

    select * from {{ ref('int_order_changes__unioned') }}
    where {{ is_new }}

),

shipment_events as (

    select * from {{ ref('int_shipment_events__unioned') }}
    where {{ is_new }}

),

page_requests as (

    select * from {{ ref('int_page_requests__unioned') }}
    where {{ is_new }}

),

stock_levels as (

    select * from {{ ref('int_stock_levels__unioned') }}
    where {{ is_new }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}
    where file_id > {{ mark }}

),

events as (

    select
        file_id,
        source_system,
        'sales' as subject,
        sold_at as event_at
    from receipts
    union all
    select
        file_id,
        source_system,
        'orders' as subject,
        changed_at as event_at
    from order_changes
    union all
    select
        file_id,
        source_system,
        'shipments' as subject,
        event_at
    from shipment_events
    union all
    select
        file_id,
        source_system,
        'traffic' as subject,
        requested_at as event_at
    from page_requests

),

newest_events as (

    select
        events.file_id,
        events.source_system,
        events.subject,
        max(events.event_at) as newest_event_at
    from events
    inner join files on events.file_id = files.file_id
    where events.event_at <= files.loaded_at
    group by events.file_id, events.source_system, events.subject

),

stock_files as (

    select distinct
        file_id,
        source_system
    from stock_levels

),

written_lists as (

    select
        stock_files.file_id,
        stock_files.source_system,
        'stock' as subject,
        least(files.file_modified_at, files.loaded_at) as newest_event_at
    from stock_files
    inner join files on stock_files.file_id = files.file_id

),

final as (

    select * from newest_events
    union all
    select * from written_lists

)

select * from final
