-- On every day of every branch with a time clock the shares of people, and what nobody has sold,
-- are the net sales of the day, to the penny; in the company's currency, to the millionth.
with clocked_branches as (

    select distinct branch_key from {{ ref('int_employee_shifts__paired') }}

),

sales as (

    select daily_sales.*
    from {{ ref('rpt_daily_sales') }} as daily_sales
    inner join clocked_branches on daily_sales.branch_key = clocked_branches.branch_key

),

shares as (

    select
        branch_key,
        sum(worked_hours) as worked_hours,
        sum(net_sales) as net_sales,
        sum(net_amount_company) as net_amount_company,
        business_date
    from {{ ref('fct_employee_days') }}
    group by branch_key, business_date

),

staffed_days as (

    select * from {{ ref('fct_staffed_days') }}

)

select
    coalesce(staffed_days.branch_key, sales.branch_key) as branch_key,
    coalesce(staffed_days.business_date, sales.business_date) as business_date
from staffed_days
full outer join sales
    on
        staffed_days.branch_key = sales.branch_key
        and staffed_days.business_date = sales.business_date
left join shares
    on
        staffed_days.branch_key = shares.branch_key
        and staffed_days.business_date = shares.business_date
where
    staffed_days.branch_key is null
    or staffed_days.net_sales <> coalesce(sales.net_sales, 0)
    or staffed_days.transactions <> coalesce(sales.transactions, 0)
    or staffed_days.assigned_net_sales <> coalesce(shares.net_sales, 0)
    or staffed_days.worked_hours <> coalesce(shares.worked_hours, 0)
    or coalesce(shares.net_sales, 0)
    <> case when shares.worked_hours > 0 then coalesce(sales.net_sales, 0) else 0 end
    or (
        shares.branch_key is not null
        and shares.net_amount_company is distinct from staffed_days.assigned_net_amount_company
    )
    or (
        shares.worked_hours > 0
        and sales.branch_key is not null
        and shares.net_amount_company is distinct from sales.net_amount_company
    )
