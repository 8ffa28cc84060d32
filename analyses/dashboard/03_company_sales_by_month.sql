-- All of history by month: sales, receipts, trading branches and new customers.
with branch_months as (

    select
        dates.month_start_date,
        daily_sales.branch_key,
        daily_sales.currency_code,
        sum(daily_sales.net_sales) as net_sales,
        sum(daily_sales.transactions) as transactions,
        sum(daily_sales.new_customers) as new_customers
    from marts.rpt_daily_sales as daily_sales
    inner join marts.dim_dates as dates on daily_sales.business_date = dates.date_day
    group by dates.month_start_date, daily_sales.branch_key, daily_sales.currency_code

)

select
    month_start_date,
    currency_code,
    count(*) as branches,
    sum(net_sales) as net_sales,
    sum(transactions) as transactions,
    sum(new_customers) as new_customers
from branch_months
group by month_start_date, currency_code
order by month_start_date, currency_code;
