-- All of history by month, in the company's currency: sales, receipts, trading branches and new customers.
with branch_months as (

    select
        dates.month_start_date,
        daily_sales.branch_key,
        daily_sales.company_currency_code,
        sum(daily_sales.net_amount_company) as net_amount_company,
        sum(daily_sales.transactions) as transactions,
        sum(daily_sales.new_customers) as new_customers
    from marts.rpt_daily_sales as daily_sales
    inner join marts.dim_dates as dates on daily_sales.business_date = dates.date_day
    group by dates.month_start_date, daily_sales.branch_key, daily_sales.company_currency_code

)

select
    month_start_date,
    company_currency_code,
    count(*) as branches,
    round(sum(net_amount_company), 2) as net_sales_company,
    sum(transactions) as transactions,
    sum(new_customers) as new_customers
from branch_months
group by month_start_date, company_currency_code
order by month_start_date;
