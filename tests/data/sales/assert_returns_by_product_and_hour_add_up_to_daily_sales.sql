-- The products of a branch's month add up to what its returns paid back, and the hours of a branch
-- to its returns with a time of day.
with days as (

    select
        branch_key,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from {{ ref('rpt_daily_sales') }}
    where returns > 0
    group by branch_key, cast({{ dbt.date_trunc('month', 'business_date') }} as date)

),

products as (

    select
        branch_key,
        sum(returned_amount) as returned_amount,
        sales_month
    from {{ ref('rpt_returns_by_product') }}
    group by branch_key, sales_month

),

day_hours as (

    select
        branch_key,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount
    from {{ ref('int_branch_hours__sold') }}
    where returns > 0
    group by branch_key

),

weekday_hours as (

    select
        branch_key,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount
    from {{ ref('rpt_returns_by_hour') }}
    group by branch_key

)

select
    'product' as what,
    coalesce(days.branch_key, products.branch_key) as branch_key
from days
full outer join products
    on
        days.branch_key = products.branch_key
        and days.sales_month = products.sales_month
where days.returned_amount is distinct from products.returned_amount
union all
select
    'hour' as what,
    coalesce(day_hours.branch_key, weekday_hours.branch_key) as branch_key
from day_hours
full outer join weekday_hours on day_hours.branch_key = weekday_hours.branch_key
where
    day_hours.returns is distinct from weekday_hours.returns
    or day_hours.returned_amount is distinct from weekday_hours.returned_amount
