-- The items of a receipt add up to its total and its number of items. Receipts without items and
-- items without a receipt are returned, too.
{%- set scope = in_scope('branch_day') %}

with transactions as (

    select * from {{ ref('fct_transactions') }}
    where {{ scope }}

),

items as (

    select
        transaction_id,
        sum(quantity) as items_sold,
        sum(net_amount) as net_amount
    from {{ ref('fct_sales') }}
    where {{ scope }}
    group by transaction_id

)

select
    transactions.transaction_id as receipt_transaction_id,
    items.transaction_id as items_transaction_id,
    transactions.net_amount as receipt_net_amount,
    items.net_amount as items_net_amount
from transactions
full outer join items on transactions.transaction_id = items.transaction_id
where
    transactions.transaction_id is null
    or items.transaction_id is null
    or transactions.net_amount <> items.net_amount
    or transactions.items_sold <> items.items_sold
