{#
    A view: a year has ten million requests, which are stored once already, and the country of a network may change.
#}
{{ config(materialized='view') }}

with requests as (

    select * from {{ ref('int_page_requests__unioned') }}
    where is_current

),

networks as (

    select * from {{ ref('int_ip_networks__located') }}

),

final as (

    select
        requests.request_key,
        requests.visitor_key,
        requests.product_key,
        requests.source_system,
        requests.ip_token,
        requests.ip_network,
        coalesce(networks.country_code, 'ZZ') as country_code,
        {{ country_name_of("coalesce(networks.country_code, 'ZZ')") }} as country_name,
        coalesce(networks.location_kind, 'unreadable') as location_kind,
        requests.method,
        requests.path,
        requests.agent,
        requests.bot_kind,
        requests.status,
        requests.is_bot,
        {{ is_product_view() }} as is_product_view,
        requests.requested_on,
        requests.requested_at
    from requests
    left join networks on requests.ip_network = networks.ip_network

)

select * from final
