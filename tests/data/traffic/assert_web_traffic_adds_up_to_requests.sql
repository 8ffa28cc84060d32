-- The report has every request of a day, those of bots apart, and every session that began on it.
{%- set scope = in_scope('web_day') %}

with traffic as (

    select
        source_system,
        traffic_date,
        sum(hits) as hits,
        sum(bot_hits) as bot_hits,
        sum(product_views) as product_views,
        sum(sessions) as sessions
    from {{ ref('rpt_web_traffic') }}
    where is_logged and {{ scope }}
    group by source_system, traffic_date

),

requests as (

    select
        source_system,
        requested_on as traffic_date,
        is_bot,
        is_product_view
    from {{ ref('fct_page_requests') }}

),

request_days as (

    select
        source_system,
        traffic_date,
        sum(case when is_bot then 0 else 1 end) as hits,
        sum(case when is_bot then 1 else 0 end) as bot_hits,
        sum(case when is_product_view then 1 else 0 end) as product_views
    from requests
    where {{ scope }}
    group by source_system, traffic_date

),

-- Of the same days, so that they are found only once.
sessions as (

    select
        source_system,
        session_date as traffic_date
    from {{ ref('fct_web_sessions') }}
    where session_date in (select request_days.traffic_date from request_days)

),

session_days as (

    select
        source_system,
        traffic_date,
        count(*) as sessions
    from sessions
    group by source_system, traffic_date

)

select
    coalesce(traffic.source_system, request_days.source_system) as source_system,
    coalesce(traffic.traffic_date, request_days.traffic_date) as traffic_date,
    traffic.hits,
    request_days.hits as requests,
    traffic.sessions,
    session_days.sessions as sessions_begun
from traffic
full outer join request_days
    on
        traffic.source_system = request_days.source_system
        and traffic.traffic_date = request_days.traffic_date
left join session_days
    on
        traffic.source_system = session_days.source_system
        and traffic.traffic_date = session_days.traffic_date
where
    traffic.hits is distinct from request_days.hits
    or traffic.bot_hits is distinct from request_days.bot_hits
    or traffic.product_views is distinct from request_days.product_views
    or traffic.sessions is distinct from coalesce(session_days.sessions, 0)
