{#
    Incremental because history only grows. New receipts are added to a customer's stored months; all receipts are
    read again only for months that may have lost one to a corrected file, and for those with a day whose exchange rate
    has changed. No row depends on another month, so that a night on a long history writes as few rows as one on a short
    history.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='customer_key',
        meta={
            'touched_by': 'valued_customer_month',
            'counted_in': ['int_cohort_months__sold'],
            'adds_receipts': true,
        },
        on_schema_change='fail',
    )
}}
{%- set mark = high_water_mark() %}
{%- set touched = touched('valued_customer_month') %}
{%- set revalued = customer_months_revalued_since(rates_mark(mark), ref) %}

with {{ customer_sales(
    ref('int_transactions__unioned'), mark, by_month=true, revalued=revalued
) }},

{% if is_incremental() -%}
known as (

    select known.* from {{ this }} as known
    where
        (known.customer_key, known.sales_month) in ({{ touched }})
        and {{ is_not_bereft('known', ['customer_key', 'sales_month']) | indent(8) }}

),

{% endif -%}
{{ converted('sales', ref('int_exchange_rates__ranges')) }},

receipts as (

    select
        customer_key,
        source_system,
        currency_code,
        1 as purchases,
        net_amount,
        {{ company_amount('net_amount') }} as net_amount_company,
        case when net_amount < 0 then 1 else 0 end as returns,
        case when net_amount < 0 then -net_amount else 0 end as returned_amount,
        net_amount as max_net_amount,
        business_date as first_purchase_date,
        business_date as last_purchase_date,
        sales_month
    from converted
    {% if is_incremental() -%}
    union all
    select
        customer_key,
        source_system,
        currency_code,
        purchases,
        net_amount,
        net_amount_company,
        returns,
        returned_amount,
        max_net_amount,
        first_purchase_date,
        last_purchase_date,
        sales_month
    from known
    {%- endif %}

),

months as (

    select
        customer_key,
        source_system,
        currency_code,
        sum(purchases) as purchases,
        sum(net_amount) as net_amount,
        sum(net_amount_company) as net_amount_company,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount,
        max(max_net_amount) as max_net_amount,
        min(first_purchase_date) as first_purchase_date,
        max(last_purchase_date) as last_purchase_date,
        sales_month
    from receipts
    group by customer_key, source_system, currency_code, sales_month

),

final as (

    select
        customer_key,
        source_system,
        currency_code,
        cast(purchases as integer) as purchases,
        cast(net_amount as numeric(18, 2)) as net_amount,
        cast(net_amount_company as numeric(38, 6)) as net_amount_company,
        cast(returns as integer) as returns,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        cast(max_net_amount as numeric(18, 2)) as max_net_amount,
        first_purchase_date,
        last_purchase_date,
        sales_month
    from months

)

select * from final
{% if not is_incremental() -%}
-- So that the months of a customer, which a night reads together, are in one place.
order by customer_key, sales_month
{%- endif %}
