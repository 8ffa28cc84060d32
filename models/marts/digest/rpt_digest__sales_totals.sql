{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('rpt_daily_sales') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

-- From a branch's first to its last credible day, so that a wrong date does not distort the range.
totals as (

    select
        branch_days.currency_code,
        count(distinct branch_days.branch_key) as branches,
        sum(branch_days.transactions) as transactions,
        sum(branch_days.returns) as returns,
        sum(branch_days.items_sold) as items_sold,
        sum(branch_days.net_sales) as net_sales,
        sum(branch_days.returned_amount) as returned_amount,
        min(branches.first_business_date) as first_business_date,
        max(branches.last_business_date) as last_business_date
    from branch_days
    inner join branches on branch_days.branch_key = branches.branch_key
    group by branch_days.currency_code

),

final as (

    select
        cast(row_number() over (order by net_sales desc, currency_code asc) as integer) as position,
        currency_code,
        cast(branches as integer) as branches,
        cast(transactions as bigint) as transactions,
        cast(returns as bigint) as returns,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        {{ average_receipt() }} as average_transaction_value,
        first_business_date,
        last_business_date
    from totals

)

select * from final
