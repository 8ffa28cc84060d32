-- Every open order is one sale of the same amount, day and branch, and a deleted one is none.
-- Returns the orders that violate this.
{%- set tested = tested_up_to() %}

with orders as (

    select * from {{ ref('int_orders__current') }}
    where order_status = 'open' and {{ in_scope('order', tested) }}

),

sold as (

    select * from {{ ref('int_transactions__unioned') }}
    where is_sale and order_key is not null and {{ in_scope('order', tested) }}

)

select
    coalesce(orders.order_key, sold.order_key) as order_key,
    orders.net_amount as expected_amount,
    sold.net_amount as found_amount,
    orders.ordered_on as expected_date,
    sold.business_date as found_date
from orders
full outer join sold on orders.order_key = sold.order_key
where
    orders.net_amount is distinct from sold.net_amount
    or orders.ordered_on is distinct from sold.business_date
    or orders.branch_key is distinct from sold.branch_key
