-- The company's last day by hour: receipts, items and money.
select
    extract(hour from sold_at_local) as hour_of_day,
    currency_code,
    count(*) as transactions,
    sum(items_sold) as items_sold,
    sum(net_amount) as net_sales
from marts.fct_transactions
where
    business_date = (
        select max(branches.last_business_date) from marts.dim_branches as branches
    )
group by extract(hour from sold_at_local), currency_code
order by hour_of_day, currency_code;
