{# A view, because the country of a network may change. #}
{{ config(materialized='view', meta={'touched_by': 'web_session'}) }}

with sessions as (

    select * from {{ ref('int_web_sessions__built') }}

),

networks as (

    select * from {{ ref('int_ip_networks__located') }}

),

final as (

    select
        sessions.session_key,
        sessions.visitor_key,
        sessions.source_system,
        sessions.ip_network,
        coalesce(networks.country_code, 'ZZ') as country_code,
        {{ country_name_of("coalesce(networks.country_code, 'ZZ')") }} as country_name,
        sessions.entry_path,
        sessions.hits,
        sessions.product_views,
        cast({{ seconds_between('sessions.began_at', 'sessions.ended_at') }} as numeric(18, 6))
            as session_seconds,
        sessions.session_date,
        sessions.began_at,
        sessions.ended_at
    from sessions
    left join networks on sessions.ip_network = networks.ip_network

)

select * from final
