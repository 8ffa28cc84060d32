-- The twenty best-selling products of the last calendar month, over all branches, in the company's
-- currency.
select
    products.product_name,
    products.size,
    performance.currency_code,
    sum(performance.quantity) as quantity,
    sum(performance.net_sales) as net_sales,
    sum(performance.net_sales_change) as net_sales_change
from marts.rpt_company_products as performance
inner join marts.dim_products as products on performance.product_key = products.product_key
where
    performance.sales_month
    = (
        select cast(date_trunc('month', max(branches.last_business_date)) as date)
        from marts.dim_branches as branches
    )
group by products.product_key, products.product_name, products.size, performance.currency_code
order by net_sales desc nulls last
limit 20;
