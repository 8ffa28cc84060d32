-- The company's sales of the last 90 days, by day, in the company's currency.
select
    business_date,
    company_currency_code,
    round(sum(net_amount_company), 2) as net_sales_company,
    sum(transactions) as transactions,
    sum(transactions) filter (where net_amount_company is null) as transactions_without_rate,
    sum(items_sold) as items_sold
from marts.rpt_daily_sales
where
    business_date > (
        select max(branches.last_business_date) - 90 from marts.dim_branches as branches
    )
group by business_date, company_currency_code
order by business_date;
