{#
    Incremental: a new request changes only sessions that it is in, or near enough to. These are made again of all their
    requests, whichever files have them; so a session may lie in two files, and a late line may join two sessions to one.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='session_key',
        meta={'touched_by': 'web_session'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['visitor_key']},
            {'columns': ['session_date']},
            {'columns': ['change_id']},
        ],
    )
}}
{%- set touched = touched('web_session') %}
{%- set mark = high_water_mark() %}
{%- set page_requests = ref('int_page_requests__unioned') %}

{% if is_incremental() -%}
with touched_sessions as (

    select * from {{ this }}
    where session_key in ({{ touched }})

),

touched_days as (

    select distinct days.date_day as requested_on
    from touched_sessions as sessions
    cross join lateral {{ days_from_to('sessions.session_date', 'sessions.last_date', 'days') }}

),

requests_of_days as (

    {{ look_up(
        page_requests,
        'select touched_days.requested_on from touched_days',
        'found.requested_on = wanted.requested_on'
    ) }}

),

requests as (

    select *
    from {{ page_requests }}
    where change_id > {{ mark }}
    union all
    select requests_of_days.*
    from requests_of_days
    inner join touched_sessions
        on
            requests_of_days.visitor_key = touched_sessions.visitor_key
            and requests_of_days.requested_at
            between touched_sessions.began_at and touched_sessions.ended_at
    where requests_of_days.change_id <= {{ mark }}

),
{%- else -%}
with requests as (

    select * from {{ page_requests }}

),
{%- endif %}

ordered_requests as (

    select
        source_system,
        visitor_key,
        ip_network,
        path,
        {{ is_product_view() }} as is_product_view,
        requested_on,
        requested_at,
        file_id,
        line_number,
        lag(requested_at) over (
            partition by visitor_key order by requested_at, file_id, line_number
        ) as previous_requested_at
    from requests
    where is_current and not is_bot and visitor_key is not null

),

begun_requests as (

    select
        *,
        coalesce(
            {{ seconds_between('previous_requested_at', 'requested_at') }}
            > {{ 60 * var('web_session_minutes') }},
            true
        ) as is_first
    from ordered_requests

),

numbered_requests as (

    select
        *,
        sum(case when is_first then 1 else 0 end) over (
            partition by visitor_key order by requested_at, file_id, line_number
        ) as session_number
    from begun_requests

),

sessions as (

    select
        source_system,
        visitor_key,
        min(ip_network) as ip_network,
        max(case when is_first then path end) as entry_path,
        count(*) as hits,
        sum(case when is_product_view then 1 else 0 end) as product_views,
        min(requested_on) as session_date,
        max(requested_on) as last_date,
        min(requested_at) as began_at,
        max(requested_at) as ended_at
    from numbered_requests
    group by source_system, visitor_key, session_number

),

final as (

    select
        {{ session_key() }} as session_key,
        visitor_key,
        source_system,
        ip_network,
        entry_path,
        cast(hits as integer) as hits,
        cast(product_views as integer) as product_views,
        cast({{ end_of_ledger() }} as bigint) as change_id,
        session_date,
        last_date,
        began_at,
        ended_at
    from sessions

)

select * from final
