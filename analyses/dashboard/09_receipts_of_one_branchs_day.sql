-- The receipts of one branch on one day, with their items.
select
    transactions.sold_at_local,
    transactions.payment_method,
    transactions.net_amount,
    transactions.is_first_purchase,
    items.line_number,
    items.product_name,
    items.net_amount as item_net_amount
from marts.fct_transactions as transactions
inner join marts.fct_sales as items
    on
        transactions.transaction_id = items.transaction_id
        and transactions.business_date = items.business_date
        and transactions.branch_key = items.branch_key
where
    transactions.branch_key = (select min(days.branch_key) from marts.rpt_daily_sales as days)
    and transactions.business_date = (
        select max(branches.last_business_date) from marts.dim_branches as branches
    )
order by transactions.sold_at_local, transactions.transaction_id, items.line_number;
