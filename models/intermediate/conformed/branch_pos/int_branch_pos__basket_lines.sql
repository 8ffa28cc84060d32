{#
    No CTE here: PostgreSQL does not look for a better join order across a view that has one, and would
    split the baskets of all history to find those of one day.
#}
select
    transactions.transaction_id,
    items.item_number as line_number,
    transactions.source_system,
    transactions.branch_key,
    transactions.branch_name,
    transactions.customer_key,
    {{ dbt_utils.generate_surrogate_key(['transactions.source_system', 'items.item_name']) }}
        as product_key,
    items.item_name as product_name,
    transactions.currency_code,
    1 as quantity,
    items.unit_price,
    round(items.unit_price, 2) as net_amount,
    transactions.business_date,
    transactions.sold_at_local,
    transactions.sold_at
from {{ ref('int_branch_pos__transactions_checked') }} as transactions
-- A lateral subquery cannot be a CTE: it reads the row beside it.
cross join lateral {{ basket_items('transactions.basket_text', 'items') }} -- noqa: ST05
where transactions.is_sale
