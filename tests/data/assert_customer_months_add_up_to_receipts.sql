-- For every known customer, currency and month the mart says what the receipts say, and in each of
-- them what all receipts say.
--
-- All of history is held against the facts. A night's customers are held against the checked
-- receipts, of which the database finds those of a customer by themselves.
{%- set mark = tested_up_to() %}
{%- set facts, checked = ref('fct_transactions'), ref('int_transactions__unioned') %}

with receipts as (

    {% if mark == 0 -%}
    select * from {{ facts }}
    where is_customer_known
    {%- else -%}
    select * from {{ checked }}
    where
        is_sale
        and customer_identified_by <> 'unknown'
        and {{ in_scope('customer', mark) }}
    {%- endif %}

),

months as (

    select
        customer_key,
        currency_code,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month_start_date,
        count(*) as transactions,
        sum(net_amount) as net_amount,
        max(net_amount) as max_net_amount,
        min(business_date) as first_date,
        max(business_date) as last_date
    from receipts
    group by
        customer_key,
        currency_code,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date)

),

expected as (

    select
        customer_key,
        currency_code,
        sales_month_start_date,
        net_amount,
        sum(transactions) over (partition by customer_key, currency_code) as purchases,
        sum(net_amount) over (partition by customer_key, currency_code) as lifetime_value,
        max(max_net_amount) over (partition by customer_key, currency_code) as max_net_amount,
        min(first_date) over (partition by customer_key, currency_code) as first_date,
        max(last_date) over (partition by customer_key, currency_code) as last_date
    from months

),

data_mart as (

    select * from {{ ref('customers_data_mart') }}
    where {{ in_scope('customer', mark) }}

)

select
    coalesce(expected.customer_key, data_mart.customer_key) as customer_key,
    coalesce(expected.sales_month_start_date, data_mart.sales_month_start_date) as sales_month
from expected
full outer join data_mart
    on
        expected.customer_key = data_mart.customer_key
        and expected.currency_code = data_mart.currency_code
        and expected.sales_month_start_date = data_mart.sales_month_start_date
where
    expected.customer_key is null
    or data_mart.customer_key is null
    or expected.net_amount <> data_mart.total_sales
    or expected.lifetime_value <> data_mart.customer_lifetime_value
    or expected.purchases <> data_mart.purchase_frequency
    or expected.max_net_amount <> data_mart.max_single_transaction
    or to_char(expected.first_date, 'YYYY-MM') <> data_mart.first_purchase_month
    or to_char(expected.last_date, 'YYYY-MM') <> data_mart.last_purchase_month
