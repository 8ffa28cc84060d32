-- A person's request is in exactly one session of its visitor. Of all of history the requests and
-- hits of each visitor are compared. Of new requests each is looked for, and touched sessions have
-- as many requests as they say. Returns visitors, requests and sessions that violate this.
{%- set page_requests = ref('int_page_requests__unioned') %}
{%- set session_scope = in_scope('web_session') %}

with sessions as (

    select * from {{ ref('int_web_sessions__built') }}

),

new_requests as (

    select * from {{ page_requests }}
    where
        is_current
        and not is_bot
        and visitor_key is not null
        and {{ in_scope('change') }}

),

{% if session_scope == 'true' -%}
visitors_of_requests as (

    select
        visitor_key,
        count(*) as requests
    from new_requests
    group by visitor_key

),

visitors_of_sessions as (

    select
        visitor_key,
        sum(hits) as hits
    from sessions
    group by visitor_key

)

select coalesce(visitors_of_requests.visitor_key, visitors_of_sessions.visitor_key) as violated_key
from visitors_of_requests
full outer join visitors_of_sessions
    on visitors_of_requests.visitor_key = visitors_of_sessions.visitor_key
where visitors_of_requests.requests is distinct from visitors_of_sessions.hits
{%- else -%}
touched_sessions as (

    select * from {{ ref('int_web_sessions__built') }}
    where {{ session_scope }}

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
        'found.requested_on = wanted.requested_on and found.is_current and not found.is_bot'
    ) }}

),

places as (

    select
        new_requests.request_key,
        count(sessions.session_key) as sessions
    from new_requests
    left join sessions
        on
            new_requests.visitor_key = sessions.visitor_key
            and new_requests.requested_at between sessions.began_at and sessions.ended_at
    group by new_requests.request_key

),

counts as (

    select
        touched_sessions.session_key,
        touched_sessions.hits,
        count(requests_of_days.request_key) as requests
    from touched_sessions
    left join requests_of_days
        on
            touched_sessions.visitor_key = requests_of_days.visitor_key
            and requests_of_days.requested_at
            between touched_sessions.began_at and touched_sessions.ended_at
    group by touched_sessions.session_key, touched_sessions.hits

)

select request_key as violated_key
from places
where sessions <> 1
union all
select session_key as violated_key
from counts
where hits <> requests
{%- endif %}
