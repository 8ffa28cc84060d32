{#
    Incremental by web site and day: a year of log lines, of which a run counts the days that new lines touch.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['source_system', 'traffic_date'],
        meta={'touched_by': 'web_day'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('web_day') %}
{%- set page_requests = ref('int_page_requests__unioned') %}

{% if is_incremental() -%}
with touched_days as (

    {{ touched }}

),

requests as (

    {{ look_up(
        page_requests,
        'select touched_days.* from touched_days',
        'found.source_system = wanted.source_system and found.requested_on = wanted.traffic_date'
    ) }}

),

sessions as (

    select sessions.*
    from {{ ref('int_web_sessions__built') }} as sessions
    inner join touched_days
        on
            sessions.source_system = touched_days.source_system
            and sessions.session_date = touched_days.traffic_date

),
{%- else -%}
with requests as (

    select * from {{ page_requests }}

),

sessions as (

    select * from {{ ref('int_web_sessions__built') }}

),
{%- endif %}

networks as (

    select * from {{ ref('int_ip_networks__located') }}

),

-- By network first, of which there are far fewer than requests.
network_days as (

    select
        source_system,
        ip_network,
        sum(case when is_bot then 0 else 1 end) as hits,
        sum(case when is_bot then 1 else 0 end) as bot_hits,
        0 as sessions,
        sum(case when {{ is_product_view() }} then 1 else 0 end) as product_views,
        requested_on as traffic_date
    from requests
    where is_current
    group by source_system, ip_network, requested_on
    union all
    select
        source_system,
        ip_network,
        0 as hits,
        0 as bot_hits,
        count(*) as sessions,
        0 as product_views,
        session_date as traffic_date
    from sessions
    group by source_system, ip_network, session_date

),

final as (

    select
        network_days.source_system,
        coalesce(networks.country_code, 'ZZ') as country_code,
        cast(sum(network_days.hits) as bigint) as hits,
        cast(sum(network_days.bot_hits) as bigint) as bot_hits,
        cast(sum(network_days.sessions) as bigint) as sessions,
        cast(sum(network_days.product_views) as bigint) as product_views,
        network_days.traffic_date
    from network_days
    left join networks on network_days.ip_network = networks.ip_network
    group by
        network_days.source_system,
        coalesce(networks.country_code, 'ZZ'),
        network_days.traffic_date

)

select * from final
