-- One product by month, over all branches: its sales and prices.
select
    sales_month,
    currency_code,
    sum(quantity) as quantity,
    sum(net_sales) as net_sales,
    round(sum(net_sales) / nullif(sum(quantity), 0), 2) as average_unit_price
from marts.rpt_product_performance
where product_key = (select min(product_key) from marts.dim_products)
group by sales_month, currency_code
order by sales_month, currency_code;
