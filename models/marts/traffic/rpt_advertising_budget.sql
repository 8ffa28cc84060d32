{# A view of some hundred countries: docs/traffic.md has the formula of the expected return. #}
{{ config(materialized='view') }}

{%- set prior = var('advertising_prior_sessions') %}

with traffic as (

    select * from {{ ref('rpt_web_traffic') }}
    where is_logged

),

countries as (

    select
        source_system,
        country_code,
        country_name,
        sum(hits) as hits,
        sum(sessions) as sessions,
        sum(orders) as orders,
        greatest(sum(net_sales_company), 0) as net_sales_company,
        min(traffic_date) as first_date,
        max(traffic_date) as last_date
    from traffic
    group by source_system, country_code, country_name

),

-- Of all countries, those without a share and the unknown one included.
web_sites as (

    select
        source_system,
        sum(sessions) as sessions,
        sum(orders) as orders,
        sum(valued_orders) as valued_orders,
        greatest(sum(net_sales_company), 0) as net_sales_company,
        sum(squared_sales_company) as squared_sales_company
    from traffic
    group by source_system

),

sharing_countries as (

    select
        countries.*,
        web_sites.sessions as all_sessions,
        web_sites.orders as all_orders,
        web_sites.net_sales_company as all_net_sales,
        web_sites.squared_sales_company * web_sites.valued_orders as squared_sales_times_orders,
        sum(countries.sessions) over (partition by countries.source_system) as sharing_sessions
    from countries
    inner join web_sites on countries.source_system = web_sites.source_system
    where
        countries.hits > {{ var('advertising_min_hits') }}
        and countries.country_code <> 'ZZ'

),

-- Sales per session, of the country's own sessions and of so many average ones.
expected as (

    select
        *,
        round(
            coalesce(
                (net_sales_company + {{ prior }} * all_net_sales / nullif(all_sessions, 0))
                / nullif(sessions + {{ prior }}, 0),
                0
            ),
            6
        ) as expected_session_value,
        orders + {{ prior }} * cast(all_orders as numeric) / nullif(all_sessions, 0)
            as counted_orders
    from sharing_countries

),

-- Without sales a session is worth as much as any other, and without sessions a hit.
based as (

    select
        *,
        case
            when sum(sessions * expected_session_value) over (partition by source_system) > 0
                then 'sales'
            when sharing_sessions > 0 then 'sessions'
            else 'hits'
        end as return_basis
    from expected

),

weighed as (

    select
        *,
        case return_basis
            when 'sales' then round(sessions * expected_session_value, 6)
            when 'sessions' then cast(sessions as numeric)
            else cast(hits as numeric)
        end as expected_return,
        -- Two standard errors of a sum of as many orders as counted, whose values vary as all do.
        case
            when return_basis = 'sales' and counted_orders > 0
                then 1.96 * sqrt(
                    squared_sales_times_orders
                    / nullif(all_net_sales * all_net_sales, 0)
                    / counted_orders
                )
        end as relative_error
    from based

),

bounded as (

    select
        *,
        case
            when relative_error < 1 then expected_return * (1 - relative_error)
            when relative_error >= 1 then 0
        end as lowest_return,
        expected_return * (1 + relative_error) as highest_return,
        sum(expected_return) over (partition by source_system) - expected_return as other_return
    from weighed

),

shared as (

    {{ percent_shares(
        'bounded',
        {'hits_share_percent': 'hits', 'return_share_percent': 'expected_return'},
        within='source_system',
        ties='country_code'
    ) }}

),

final as (

    select
        source_system,
        country_code,
        country_name,
        return_basis,
        cast(hits as bigint) as hits,
        cast(sessions as bigint) as sessions,
        cast(orders as bigint) as orders,
        cast(net_sales_company as numeric(20, 6)) as net_sales_company,
        {{ ratio('100.0 * orders', 'sessions') }} as conversion_percent,
        cast(
            case when return_basis = 'sales' then expected_session_value end as numeric(20, 6)
        ) as expected_session_value,
        cast(case when return_basis = 'sales' then expected_return end as numeric(20, 6))
            as expected_return,
        {{ ratio('100.0 * relative_error', '1.0', 1) }} as expected_return_error_percent,
        hits_share_percent,
        return_share_percent,
        {{ ratio('100.0 * lowest_return', '(lowest_return + other_return)') }}
            as return_share_low_percent,
        {{ ratio('100.0 * highest_return', '(highest_return + other_return)') }}
            as return_share_high_percent,
        first_date,
        last_date
    from shared

)

select * from final
