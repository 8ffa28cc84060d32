-- Receipts without a customer have no new customer.
select transaction_id
from {{ ref('fct_transactions') }}
where
    is_first_purchase and not is_customer_known
    and {{ in_scope('branch_day') }}
