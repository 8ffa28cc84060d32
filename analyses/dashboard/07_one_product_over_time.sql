-- One product by month, over all branches, in the company's currency: its sales and prices.
select
    sales_month,
    currency_code,
    quantity,
    net_sales,
    average_unit_price
from marts.rpt_company_products
where product_key = (select min(product_key) from marts.dim_products)
order by sales_month;
