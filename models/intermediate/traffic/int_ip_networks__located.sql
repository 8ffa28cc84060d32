{#
    Incremental so that a network is looked up when it is first seen, and all of them again when a list of ranges has
    changed: a log line costs nothing, and a new list as much as there are networks (docs/decisions/0035).
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='ip_network',
        meta={'touched_by': 'change', 'data_lag': {'fct_page_requests': ['traffic']}},
        on_schema_change='fail',
        indexes=[{'columns': ['change_id']}],
    )
}}
{%- set mark = high_water_mark() %}
{%- set ip_ranges = ref('int_ip_ranges__unioned') %}

with requests as (

    select * from {{ ref('int_page_requests__unioned') }}
    where change_id > {{ mark }} and ip_network is not null

),

seen_networks as (

    select
        ip_network,
        min(change_id) as first_change_id
    from requests
    group by ip_network

),

{% if is_incremental() -%}
known_networks as (

    select * from {{ this }}

),

wanted_networks as (

    select seen_networks.*
    from seen_networks
    left join known_networks on seen_networks.ip_network = known_networks.ip_network
    where known_networks.ip_network is null
    union all
    select
        ip_network,
        first_change_id
    from known_networks
    where
        exists (
            select ip_ranges.change_id
            from {{ ip_ranges }} as ip_ranges
            where ip_ranges.change_id > {{ mark }}
        )

),

{% else -%}
wanted_networks as (

    select * from seen_networks

),

{% endif -%}
-- Of several current lists, of one source or of several, the one that was loaded last counts.
last_list as (

    select max(file_id) as file_id from {{ ip_ranges }}
    where is_current

),

numbered_networks as (

    select
        wanted_networks.ip_network,
        wanted_networks.first_change_id,
        last_list.file_id as list_file_id,
        {{ is_private_network('wanted_networks.ip_network') }} as is_private,
        {{ first_ip_number('wanted_networks.ip_network') }} as first_ip
    from wanted_networks
    cross join last_list
    {{ evaluate_once() }}

),

-- Of several countries in a network the one with most of its addresses. Looked up through an index:
-- the range that begins last before the network, and those that begin in it.
found_networks as (

    select
        numbered_networks.*,
        found.country_code,
        found.addresses
    from numbered_networks
    -- A lateral subquery cannot be a CTE: it reads the row it is joined to.
    left join lateral ( -- noqa: ST05
        select
            overlapping.country_code,
            sum(
                least(overlapping.ip_to, numbered_networks.first_ip + 255)
                - greatest(overlapping.ip_from, numbered_networks.first_ip)
                + 1
            ) as addresses
        from (
            (
                select
                    ip_ranges.country_code,
                    ip_ranges.ip_from,
                    ip_ranges.ip_to
                from {{ ip_ranges }} as ip_ranges
                where
                    ip_ranges.file_id = numbered_networks.list_file_id
                    and ip_ranges.ip_from <= numbered_networks.first_ip
                order by ip_ranges.ip_from desc
                limit 1
            )
            union all
            select
                ip_ranges.country_code,
                ip_ranges.ip_from,
                ip_ranges.ip_to
            from {{ ip_ranges }} as ip_ranges
            where
                ip_ranges.file_id = numbered_networks.list_file_id
                and ip_ranges.ip_from > numbered_networks.first_ip
                and ip_ranges.ip_from <= numbered_networks.first_ip + 255
        ) as overlapping
        where overlapping.ip_to >= numbered_networks.first_ip
        group by overlapping.country_code
        order by addresses desc, overlapping.country_code asc nulls last
        limit 1
    ) as found on true

),

located as (

    select
        ip_network,
        country_code,
        case
            when first_ip is null and not is_private then 'ipv6'
            when country_code is not null and addresses = 256 then 'listed'
            when country_code is not null then 'shared'
            when addresses is not null or is_private then 'reserved'
            else 'unlisted'
        end as location_kind,
        first_change_id
    from found_networks

),

{% if is_incremental() -%}
last_ranges as (

    select max(change_id) as change_id from {{ ip_ranges }}

),

compared as (

    select
        located.*,
        known_networks.ip_network is null as is_new,
        known_networks.country_code as known_country_code,
        known_networks.location_kind as known_location_kind,
        last_ranges.change_id as ranges_change_id
    from located
    cross join last_ranges
    left join known_networks on located.ip_network = known_networks.ip_network

),

final as (

    select
        ip_network,
        country_code,
        location_kind,
        first_change_id,
        case when is_new then first_change_id else ranges_change_id end as change_id
    from compared
    where
        is_new
        or country_code is distinct from known_country_code
        or location_kind is distinct from known_location_kind

)
{%- else -%}
final as (

    select
        ip_network,
        country_code,
        location_kind,
        first_change_id,
        first_change_id as change_id
    from located

)
{%- endif %}

select * from final
