-- The items of a receipt add up to its total and its number of items, and have its branch, time,
-- part of the day, channel, customer, sales person, rate of VAT and exchange rate. Their VAT adds
-- up to its own, but for half a penny of rounding for each of them and for the receipt; so do their
-- amounts in the company's currency, but for half a millionth. Receipts without items and items
-- without a receipt are returned, too. With items that differ from each other, a receipt has
-- several rows here, which do not match.
{%- set scope = in_scope('branch_day') %}

with transactions as (

    select * from {{ ref('fct_transactions') }}
    where {{ scope }}

),

items as (

    select
        transaction_id,
        branch_key,
        customer_key,
        employee_key,
        channel,
        currency_code,
        time_period,
        vat_rate_percent,
        is_return,
        is_rate_estimated,
        count(*) as items,
        sum(quantity) as items_sold,
        sum(net_amount) as net_amount,
        sum(vat_amount) as vat_amount,
        sum(net_of_vat_amount) as net_of_vat_amount,
        sum(net_amount_company) as net_amount_company,
        business_date,
        sold_at
    from {{ ref('fct_sales') }}
    where {{ scope }}
    group by
        transaction_id,
        branch_key,
        customer_key,
        employee_key,
        channel,
        currency_code,
        time_period,
        vat_rate_percent,
        is_return,
        is_rate_estimated,
        business_date,
        sold_at

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
    or transactions.is_return <> items.is_return
    or transactions.vat_rate_percent is distinct from items.vat_rate_percent
    or items.vat_amount + items.net_of_vat_amount <> items.net_amount
    or abs(transactions.vat_amount - items.vat_amount) > 0.005 * (items.items + 1)
    or abs(transactions.net_amount_company - items.net_amount_company)
    > 0.0000005 * (items.items + 1)
    or transactions.is_rate_estimated <> items.is_rate_estimated
    or transactions.branch_key <> items.branch_key
    or transactions.customer_key <> items.customer_key
    or transactions.employee_key is distinct from items.employee_key
    or transactions.channel <> items.channel
    or transactions.currency_code <> items.currency_code
    or transactions.time_period is distinct from items.time_period
    or transactions.business_date <> items.business_date
    or transactions.sold_at <> items.sold_at
