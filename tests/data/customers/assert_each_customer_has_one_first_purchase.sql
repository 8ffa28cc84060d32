-- Of every known customer's receipts exactly one is the first, and none is earlier. The customer's
-- own row counts the same receipts.
--
-- A nightly run checks its receipts against the customer's row and first receipt; only an audit,
-- which reads all of history, counts all receipts of a customer.
{%- set mark = tested_up_to() %}
{%- set customers_summed_up = ref('int_customers__summed_up') %}

with receipts as (

    select * from {{ ref('fct_transactions') }}
    where is_customer_known and {{ in_scope('branch_day', mark) }}

),

customers as (

    select * from {{ ref('dim_customers') }}
    where purchases > 0

)

{%- if mark == 0 %},

counted as (

    select
        customer_key,
        count(*) as purchases,
        sum(case when is_first_purchase then 1 else 0 end) as first_purchases,
        min(sold_at) as earliest_sold_at,
        min(case when is_first_purchase then sold_at end) as first_purchase_sold_at,
        min(business_date) as first_purchase_date,
        max(business_date) as last_purchase_date
    from receipts
    group by customer_key

)

select coalesce(counted.customer_key, customers.customer_key) as customer_key
from counted
full outer join customers on counted.customer_key = customers.customer_key
where
    counted.customer_key is null
    or customers.customer_key is null
    or counted.first_purchases <> 1
    or counted.first_purchase_sold_at <> counted.earliest_sold_at
    or counted.purchases <> customers.purchases
    or counted.first_purchase_date <> customers.first_purchase_date
    or counted.last_purchase_date <> customers.last_purchase_date
{%- else %},

first_purchases as (

    select * from {{ customers_summed_up }}

)

select receipts.transaction_id
from receipts
left join customers on receipts.customer_key = customers.customer_key
left join first_purchases on receipts.customer_key = first_purchases.customer_key
where
    customers.customer_key is null
    or first_purchases.customer_key is null
    or receipts.is_first_purchase
    <> (receipts.transaction_id = first_purchases.first_transaction_id)
    or receipts.sold_at < first_purchases.first_sold_at
    or receipts.sold_at > first_purchases.last_sold_at
    or receipts.business_date < customers.first_purchase_date
    or receipts.business_date > customers.last_purchase_date
    or customers.purchases <> first_purchases.purchases
{%- endif %}
