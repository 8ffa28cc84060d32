-- The company's last day by hour: receipts, items and money in the company's currency.
select
    extract(hour from sold_at_local) as hour_of_day,
    count(*) as transactions,
    sum(items_sold) as items_sold,
    round(sum(net_amount_company), 2) as net_sales_company,
    count(*) filter (where net_amount_company is null) as transactions_without_rate
from marts.fct_transactions
where
    business_date = (
        select max(branches.last_business_date) from marts.dim_branches as branches
    )
group by extract(hour from sold_at_local)
order by hour_of_day;
