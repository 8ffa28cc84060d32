-- A receipt is of one date: the key of the facts begins with the date, so it does not hold this by
-- itself.
with transactions as (

    select * from {{ ref('fct_transactions') }}
    where {{ in_scope('branch_day') }}

)

select transaction_id
from transactions
group by transaction_id
having count(*) > 1
