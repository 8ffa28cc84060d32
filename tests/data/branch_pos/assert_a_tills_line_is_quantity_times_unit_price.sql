-- The tills write the price per item; only cash rounding, on the first item, changes it. Other
-- sources may sell below the unit price.
{{ config(enabled='branch_pos' in var('source_systems')) }}

with items as (

    select * from {{ ref('fct_sales') }}
    where
        source_system = 'branch_pos'
        and net_amount <> round(quantity * unit_price, 2)
        and {{ in_scope('branch_day') }}

)

select
    items.transaction_id,
    items.line_number,
    items.quantity,
    items.unit_price,
    items.net_amount
from items
left join {{ ref('fct_transactions') }} as transactions
    on
        items.transaction_id = transactions.transaction_id
        and items.business_date = transactions.business_date
        and items.line_number = 1
        and transactions.quality_flags like '%cash_rounded%'
where transactions.transaction_id is null
