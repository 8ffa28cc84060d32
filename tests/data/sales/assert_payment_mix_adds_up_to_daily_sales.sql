-- The payment mix has all receipts and all money of the daily report, by payment method, and all
-- payments. A payment without its receipt on that day is returned, too.
{%- set scope = in_scope('branch_day') %}

with mix as (

    select
        branch_key,
        sum(transactions) as transactions,
        sum(net_sales) as net_sales,
        coalesce(sum(net_sales) filter (where payment_method = 'CASH'), 0) as cash_sales,
        coalesce(sum(net_sales) filter (where payment_method = 'CARD'), 0) as card_sales,
        coalesce(sum(net_sales) filter (where payment_method = 'OTHER'), 0) as other_sales,
        coalesce(sum(payments), 0) as payments,
        coalesce(sum(settled_amount), 0) as settled_amount,
        business_date
    from {{ ref('rpt_payment_mix') }}
    where {{ scope }}
    group by branch_key, business_date

),

days as (

    select * from {{ ref('rpt_daily_sales') }}
    where {{ scope }}

),

payments as (

    select * from {{ ref('fct_payments') }}
    where {{ scope }}

),

receipts as (

    select * from {{ ref('fct_transactions') }}
    where {{ scope }}

),

paid_days as (

    select
        branch_key,
        count(*) as payments,
        coalesce(sum(amount), 0) as settled_amount,
        business_date
    from payments
    group by branch_key, business_date

)

select
    coalesce(mix.branch_key, days.branch_key) as branch_key,
    coalesce(mix.business_date, days.business_date) as business_date,
    mix.net_sales as mix_net_sales,
    days.net_sales as daily_net_sales,
    mix.settled_amount as mix_settled_amount,
    paid_days.settled_amount as paid_amount
from mix
full outer join days
    on
        mix.branch_key = days.branch_key
        and mix.business_date = days.business_date
left join paid_days
    on
        mix.branch_key = paid_days.branch_key
        and mix.business_date = paid_days.business_date
where
    mix.branch_key is null
    or days.branch_key is null
    or mix.transactions <> days.transactions
    or mix.net_sales <> days.net_sales
    or mix.cash_sales <> days.cash_sales
    or mix.card_sales <> days.card_sales
    or mix.other_sales <> days.other_sales
    or mix.payments <> coalesce(paid_days.payments, 0)
    or mix.settled_amount <> coalesce(paid_days.settled_amount, 0)
union all
select
    payments.branch_key,
    payments.business_date,
    cast(null as numeric(18, 2)) as mix_net_sales,
    cast(null as numeric(18, 2)) as daily_net_sales,
    cast(null as numeric(18, 2)) as mix_settled_amount,
    payments.amount as paid_amount
from payments
left join receipts
    on
        payments.transaction_id = receipts.transaction_id
        and payments.branch_key = receipts.branch_key
        and payments.business_date = receipts.business_date
where receipts.transaction_id is null
