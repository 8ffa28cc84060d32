-- Joined to the list price and the sales person's manager of its day, no sale is duplicated. Also
-- an example of these joins.
with sales as (

    select * from {{ ref('fct_sales') }}
    where employee_key is not null and {{ in_scope('branch_day') }}

),

prices as (

    select * from {{ ref('dim_product_prices') }}

),

managers as (

    select * from {{ ref('dim_employee_managers') }}

),

priced as (

    select
        sales.transaction_id,
        sales.line_number,
        prices.list_price,
        managers.manager_key
    from sales
    left join prices
        on
            sales.product_key = prices.product_key
            and {{ valid_on('prices', 'sales.business_date') }}
    left join managers
        on
            sales.employee_key = managers.employee_key
            and {{ valid_on('managers', 'sales.business_date') }}

)

select
    transaction_id,
    line_number,
    count(*) as times
from priced
group by transaction_id, line_number
having count(*) > 1
