-- The mart has each of a customer's months once and complete, between the first and the last month,
-- and its all-time figures, in each of them, equal the sums of all months. A nightly run checks the
-- changed months of its customers; the mart joins the same rows to their other months.
{%- set mark = tested_up_to() %}
{%- set is_in_scope = in_scope('customer_month', mark) %}

with months as (

    select
        customer_key,
        currency_code,
        count(case when {{ is_in_scope }} then 1 end) as months_with_purchases,
        sum(case when {{ is_in_scope }} then net_amount end) as total_sales,
        sum(purchases) as purchases,
        sum(net_amount) as net_amount,
        round(sum(net_amount_company), 2) as lifetime_value_company,
        max(max_net_amount) as max_net_amount,
        to_char(min(first_purchase_date), 'YYYY-MM') as first_month,
        to_char(max(last_purchase_date), 'YYYY-MM') as last_month
    from {{ ref('int_customer_months__sold') }}
    where {{ in_scope('customer', mark) }}
    group by customer_key, currency_code
    having count(case when {{ is_in_scope }} then 1 end) > 0

),

data_mart as (

    {% if mark == 0 -%}
    select * from {{ ref('customers_data_mart') }}
    {%- else -%}
    {{ look_up(
        ref('customers_data_mart'),
        changed_since('customer_month', mark, built),
        'found.customer_key = wanted.customer_key'
        ' and found.sales_month_start_date = wanted.sales_month'
    ) }}
    {%- endif %}

),

lifetimes as (

    select
        customer_key,
        currency_code,
        customer_lifetime_value,
        customer_lifetime_value_company,
        purchase_frequency,
        max_single_transaction,
        first_purchase_month,
        last_purchase_month,
        count(*) as months_with_purchases,
        count(
            case
                when
                    sales_date_month between first_purchase_month and last_purchase_month
                    and customer_segment is not null
                    and inactive_status is not null
                    then 1
            end
        ) as complete_months,
        sum(total_sales) as total_sales
    from data_mart
    group by
        customer_key,
        currency_code,
        customer_lifetime_value,
        customer_lifetime_value_company,
        purchase_frequency,
        max_single_transaction,
        first_purchase_month,
        last_purchase_month

)

select coalesce(months.customer_key, lifetimes.customer_key) as customer_key
from months
full outer join lifetimes
    on
        months.customer_key = lifetimes.customer_key
        and months.currency_code = lifetimes.currency_code
where
    months.customer_key is null
    or lifetimes.customer_key is null
    or months.months_with_purchases <> lifetimes.months_with_purchases
    or months.months_with_purchases <> lifetimes.complete_months
    or months.purchases is distinct from lifetimes.purchase_frequency
    or months.net_amount is distinct from lifetimes.customer_lifetime_value
    or months.lifetime_value_company is distinct from lifetimes.customer_lifetime_value_company
    or months.total_sales is distinct from lifetimes.total_sales
    or months.max_net_amount <> lifetimes.max_single_transaction
    or months.first_month <> lifetimes.first_purchase_month
    or months.last_month <> lifetimes.last_purchase_month
