{# No CTE here: PostgreSQL looks for a day in each of the tables only across plain selects. #}
select
    transaction_id,
    line_number,
    source_system,
    branch_key,
    branch_name,
    customer_key,
    cast(null as text) as employee_key,
    product_key,
    product_name,
    currency_code,
    quantity,
    unit_price,
    net_amount,
    business_date,
    sold_at_local,
    sold_at
from {{ ref('int_branch_pos__basket_lines') }}
union all
select
    transaction_id,
    1 as line_number,
    source_system,
    branch_key,
    branch_name,
    customer_key,
    employee_key,
    product_key,
    product_name,
    currency_code,
    quantity,
    unit_price,
    net_amount,
    business_date,
    sold_at_local,
    sold_at
from {{ ref('int_sales_desk__sales_checked') }}
where is_sale
