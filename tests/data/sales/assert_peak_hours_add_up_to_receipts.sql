-- For every branch the hours of a day add up to its receipts and money, and the hours of the week
-- to those of all its days.
{%- set mark = tested_up_to() %}
{%- set scope = in_scope('branch_day', mark) %}
{%- set weekday_scope = in_scope('branch_weekday', mark) %}

with receipts as (

    select
        branch_key,
        business_date,
        count(*) as transactions,
        sum(net_amount) as net_sales,
        sum(net_amount_company) as net_amount_company,
        {{ returns_of() }}
    from {{ ref('fct_transactions') }}
    where is_time_known and {{ scope }}
    group by branch_key, business_date

),

day_hours as (

    select
        branch_key,
        business_date,
        sum(transactions) as transactions,
        sum(net_amount) as net_sales,
        sum(net_amount_company) as net_amount_company,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount
    from {{ ref('int_branch_hours__sold') }}
    where {{ scope }}
    group by branch_key, business_date

),

weekday_days as (

    select
        branch_key,
        weekday_number,
        sum(transactions) as transactions,
        sum(net_amount) as net_sales,
        sum(net_amount_company) as net_amount_company,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount
    from {{ ref('int_branch_hours__sold') }}
    where {{ weekday_scope }}
    group by branch_key, weekday_number

),

weekday_hours as (

    select
        branch_key,
        weekday_number,
        sum(transactions) as transactions,
        sum(net_sales) as net_sales,
        sum(net_sales_company) as net_sales_company,
        count(*) * 0.005 as rounded_off,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount
    from {{ ref('rpt_peak_hours') }}
    where {{ weekday_scope }}
    group by branch_key, weekday_number

)

select coalesce(receipts.branch_key, day_hours.branch_key) as branch_key
from receipts
full outer join day_hours
    on
        receipts.branch_key = day_hours.branch_key
        and receipts.business_date = day_hours.business_date
where
    receipts.branch_key is null
    or day_hours.branch_key is null
    or receipts.transactions <> day_hours.transactions
    or receipts.net_sales <> day_hours.net_sales
    or receipts.net_amount_company is distinct from day_hours.net_amount_company
    or receipts.returns <> day_hours.returns
    or receipts.returned_amount <> day_hours.returned_amount
union all
select coalesce(weekday_days.branch_key, weekday_hours.branch_key) as branch_key
from weekday_days
full outer join weekday_hours
    on
        weekday_days.branch_key = weekday_hours.branch_key
        and weekday_days.weekday_number = weekday_hours.weekday_number
where
    weekday_days.branch_key is null
    or weekday_hours.branch_key is null
    or weekday_days.transactions <> weekday_hours.transactions
    or weekday_days.net_sales <> weekday_hours.net_sales
    or abs(weekday_days.net_amount_company - weekday_hours.net_sales_company)
    > weekday_hours.rounded_off
    or weekday_days.returns <> weekday_hours.returns
    or weekday_days.returned_amount <> weekday_hours.returned_amount
