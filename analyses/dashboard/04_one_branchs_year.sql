-- One branch's last year, by week, and how its customers paid.
select
    dates.week_start_date,
    sum(daily_sales.net_sales) as net_sales,
    sum(daily_sales.cash_sales) as cash_sales,
    sum(daily_sales.card_sales) as card_sales,
    sum(daily_sales.transactions) as transactions
from marts.rpt_daily_sales as daily_sales
inner join marts.dim_dates as dates on daily_sales.business_date = dates.date_day
where
    daily_sales.branch_key = (select min(days.branch_key) from marts.rpt_daily_sales as days)
    and daily_sales.business_date > (
        select max(branches.last_business_date) - 364 from marts.dim_branches as branches
    )
group by dates.week_start_date
order by dates.week_start_date;
