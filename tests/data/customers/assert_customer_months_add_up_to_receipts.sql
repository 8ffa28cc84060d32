-- Stored months match the receipts for every known customer, currency and month. A nightly run
-- checks the changed months of its customers.
{%- set mark = tested_up_to() %}

with transactions as (

    {% if mark == 0 -%}
    select * from {{ ref('fct_transactions') }}
    {%- else -%}
    {{ look_up(
        ref('fct_transactions'),
        'select distinct sales_month from ('
        ~ changed_since('customer_month', mark, built) ~ ') as customer_months',
        'found.business_date >= wanted.sales_month and found.business_date < cast('
        ~ dbt.dateadd('month', 1, 'wanted.sales_month') ~ ' as date)'
    ) }}
    {%- endif %}

),

receipts as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from transactions
    where is_customer_known

),

expected as (

    select
        customer_key,
        currency_code,
        sales_month,
        count(*) as purchases,
        sum(net_amount) as net_amount,
        sum(net_amount_company) as net_amount_company,
        {{ returns_of() }},
        max(net_amount) as max_net_amount,
        min(business_date) as first_purchase_date,
        max(business_date) as last_purchase_date
    from receipts
    where {{ in_scope('customer_month', mark) }}
    group by customer_key, currency_code, sales_month

),

months as (

    select * from {{ ref('int_customer_months__sold') }}
    where {{ in_scope('customer_month', mark) }}

)

select
    coalesce(expected.customer_key, months.customer_key) as customer_key,
    coalesce(expected.sales_month, months.sales_month) as sales_month
from expected
full outer join months
    on
        expected.customer_key = months.customer_key
        and expected.currency_code = months.currency_code
        and expected.sales_month = months.sales_month
where
    expected.customer_key is null
    or months.customer_key is null
    or expected.purchases <> months.purchases
    or expected.net_amount <> months.net_amount
    or expected.net_amount_company is distinct from months.net_amount_company
    or expected.returns <> months.returns
    or expected.returned_amount <> months.returned_amount
    or expected.max_net_amount <> months.max_net_amount
    or expected.first_purchase_date <> months.first_purchase_date
    or expected.last_purchase_date <> months.last_purchase_date
