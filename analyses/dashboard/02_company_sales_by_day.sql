-- The company's sales of the last 90 days, by day.
select
    business_date,
    currency_code,
    sum(net_sales) as net_sales,
    sum(transactions) as transactions,
    sum(items_sold) as items_sold
from marts.rpt_daily_sales
where
    business_date > (
        select max(branches.last_business_date) - 90 from marts.dim_branches as branches
    )
group by business_date, currency_code
order by business_date, currency_code;
