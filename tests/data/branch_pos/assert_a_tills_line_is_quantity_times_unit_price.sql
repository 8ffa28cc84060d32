-- The tills write a price per item and nothing off it. Other sources may sell below the price of
-- the unit.
{{ config(enabled='branch_pos' in var('source_systems')) }}

select
    transaction_id,
    line_number,
    quantity,
    unit_price,
    net_amount
from {{ ref('fct_sales') }}
where
    source_system = 'branch_pos'
    and net_amount <> round(quantity * unit_price, 2)
    and {{ in_scope('branch_day') }}
