-- An item has the same branch, time and customer as its receipt. Items without such a receipt are
-- returned, too.
{%- set scope = in_scope('branch_day') %}

with items as (

    select * from {{ ref('fct_sales') }}
    where {{ scope }}

),

transactions as (

    select * from {{ ref('fct_transactions') }}
    where {{ scope }}

)

select items.transaction_id
from items
left join transactions on items.transaction_id = transactions.transaction_id
where
    transactions.transaction_id is null
    or items.branch_key <> transactions.branch_key
    or items.customer_key <> transactions.customer_key
    or items.currency_code <> transactions.currency_code
    or items.business_date <> transactions.business_date
    or items.sold_at <> transactions.sold_at
