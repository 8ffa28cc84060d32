{# A view of days that are stored: some tens of rows a day. #}
{{ config(materialized='view') }}

with traffic_days as (

    select * from {{ ref('int_web_days__counted') }}

),

web_orders as (

    select * from {{ ref('rpt_web_orders') }}

),

logged_days as (

    select distinct
        source_system,
        traffic_date
    from traffic_days

),

order_days as (

    select
        source_system,
        country_code,
        sum(orders) as orders,
        sum(valued_orders) as valued_orders,
        sum(net_sales_company) as net_sales_company,
        sum(squared_sales_company) as squared_sales_company,
        business_date as traffic_date
    from web_orders
    group by source_system, country_code, business_date

),

days as (

    select
        coalesce(traffic_days.source_system, order_days.source_system) as source_system,
        coalesce(traffic_days.country_code, order_days.country_code) as country_code,
        coalesce(traffic_days.hits, 0) as hits,
        coalesce(traffic_days.bot_hits, 0) as bot_hits,
        coalesce(traffic_days.sessions, 0) as sessions,
        coalesce(traffic_days.product_views, 0) as product_views,
        coalesce(order_days.orders, 0) as orders,
        coalesce(order_days.valued_orders, 0) as valued_orders,
        coalesce(order_days.net_sales_company, 0) as net_sales_company,
        coalesce(order_days.squared_sales_company, 0) as squared_sales_company,
        coalesce(traffic_days.traffic_date, order_days.traffic_date) as traffic_date
    from traffic_days
    full outer join order_days
        on
            traffic_days.source_system = order_days.source_system
            and traffic_days.country_code = order_days.country_code
            and traffic_days.traffic_date = order_days.traffic_date

),

final as (

    select
        days.source_system,
        days.country_code,
        {{ country_name_of('days.country_code') }} as country_name,
        days.hits,
        days.bot_hits,
        days.sessions,
        days.product_views,
        cast(days.orders as bigint) as orders,
        cast(days.valued_orders as bigint) as valued_orders,
        cast(days.net_sales_company as numeric(20, 6)) as net_sales_company,
        cast(days.squared_sales_company as numeric(38, 12)) as squared_sales_company,
        {{ ratio('100.0 * days.orders', 'days.sessions') }} as conversion_percent,
        logged_days.source_system is not null as is_logged,
        days.traffic_date
    from days
    left join logged_days
        on
            days.source_system = logged_days.source_system
            and days.traffic_date = logged_days.traffic_date

)

select * from final
