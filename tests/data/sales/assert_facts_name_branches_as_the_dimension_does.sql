-- A branch has one name, time zone and currency in every mart.
with transactions as (

    select * from {{ ref('fct_transactions') }}
    where {{ in_scope('branch_day') }}

)

select transactions.transaction_id
from transactions
inner join {{ ref('dim_branches') }} as branches
    on transactions.branch_key = branches.branch_key
where
    transactions.branch_name <> branches.branch_name
    or transactions.currency_code <> branches.currency_code
    or transactions.sold_at
    <> {{ local_to_utc('transactions.sold_at_local', 'branches.time_zone') }}
