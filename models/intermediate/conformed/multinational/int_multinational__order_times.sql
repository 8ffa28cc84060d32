{#
    Incremental because a list has many versions. Orders have no time: it is that of their date event, and the file
    that changed an event is the one that changed its orders.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['date_event_key', 'valid_from_file_id'],
        meta={'feed': 'multinational_date_events'},
        on_schema_change='fail',
    )
}}

with date_events as (

    select
        *,
        {{ short_key('date_event_id') }} as date_event_key
    from {{ ref('stg_multinational__date_events') }}
    where noise is null

),

{{ list_history('date_events', 'date_event_key', ['sold_at_text', 'period_text']) }}
