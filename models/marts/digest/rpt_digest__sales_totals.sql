{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('rpt_daily_sales') }}

),

totals as (

    select
        currency_code,
        count(distinct branch_key) as branches,
        sum(transactions) as transactions,
        sum(items_sold) as items_sold,
        sum(net_sales) as net_sales,
        min(business_date) as first_business_date,
        max(business_date) as last_business_date
    from branch_days
    group by currency_code

),

final as (

    select
        cast(row_number() over (order by net_sales desc, currency_code asc) as integer) as position,
        currency_code,
        cast(branches as integer) as branches,
        cast(transactions as bigint) as transactions,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        first_business_date,
        last_business_date
    from totals

)

select * from final
