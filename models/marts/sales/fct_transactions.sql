{# Incremental by branch and business date: history only grows, a night touches few days of it. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        meta={'touched_by': 'branch_day'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['business_date', 'branch_key']},
        ],
    )
}}
{%- set touched = touched('branch_day') %}

with transactions as (

    select * from {{ ref('int_transactions__unioned') }}
    {% if is_incremental() -%}
    where (branch_key, business_date) in ({{ touched }})
    {%- endif %}

),

sales as (

    select * from transactions
    where is_sale

),

first_purchases as (

    select * from {{ ref('int_customers__first_purchases') }}
    where is_current
    {% if is_incremental() -%}
    and (branch_key, business_date) in ({{ touched }})
    {%- endif %}

),

final as (

    select
        sales.transaction_id,
        sales.receipt_number,
        sales.source_system,
        sales.branch_key,
        sales.customer_key,
        sales.employee_key,
        sales.branch_name,
        {{ sales_channel('sales.channel') }} as channel,
        sales.country,
        sales.payment_method,
        sales.card_token,
        sales.card_last4,
        sales.currency_code,
        {{ time_period('sales.time_period', 'sales.sold_at_local', 'sales.is_time_known') }}
            as time_period,
        sales.quality_flags,
        sales.items_sold,
        sales.net_amount,
        sales.customer_identified_by <> 'unknown' as is_customer_known,
        sales.is_time_known,
        first_purchases.transaction_id is not null as is_first_purchase,
        sales.business_date,
        {{ clock_time('sales.sold_at_local', 'sales.is_time_known') }} as clock_time,
        sales.sold_at_local,
        sales.sold_at
    from sales
    left join first_purchases
        on sales.transaction_id = first_purchases.transaction_id

)

select * from final
