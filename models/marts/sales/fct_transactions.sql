{# Incremental by branch and business date: history only grows, a night touches few days of it. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        meta={'touched_by': 'branch_day', 'data_lag': {'fct_transactions': ['sales', 'orders']}},
        on_schema_change='fail',
        indexes=[
            {'columns': ['business_date', 'branch_key']},
        ],
    )
}}
{%- set touched = touched('branch_day') %}

with transactions as (

    {% if is_incremental() -%}
    {{ look_up_branch_days(ref('int_transactions__unioned'), touched) }}
    {%- else -%}
    select * from {{ ref('int_transactions__unioned') }}
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

taxed_branches as (

    select * from {{ ref('int_branches__taxed') }}

),

vat_rates as (

    select * from {{ ref('int_vat_rates__dated') }}

),

{{ taxed('sales') }},

{{ converted('taxed', ref('int_exchange_rates__ranges')) }},

final as (

    select
        converted.transaction_id,
        converted.receipt_number,
        converted.source_system,
        converted.branch_key,
        converted.customer_key,
        converted.employee_key,
        converted.branch_name,
        {{ sales_channel('converted.channel') }} as channel,
        converted.country,
        converted.payment_method,
        converted.card_token,
        converted.card_last4,
        converted.currency_code,
        {{ time_period(
            'converted.time_period', 'converted.sold_at_local', 'converted.is_time_known'
        ) }} as time_period,
        case
            when
                converted.net_amount < 0
                and converted.taxed_on is null
                and converted.is_vat_rate_changed
                then concat_ws(', ', converted.quality_flags, 'vat_rate_of_return_day')
            else converted.quality_flags
        end as quality_flags,
        converted.items_sold,
        converted.net_amount,
        converted.net_amount as gross_amount,
        converted.vat_rate_percent,
        cast(converted.net_amount - converted.net_of_vat_amount as numeric(18, 2)) as vat_amount,
        converted.net_of_vat_amount,
        {{ company_amount('converted.net_amount') }} as net_amount_company,
        converted.net_amount < 0 as is_return,
        converted.is_rate_estimated,
        converted.customer_identified_by <> 'unknown' as is_customer_known,
        converted.is_time_known,
        first_purchases.transaction_id is not null as is_first_purchase,
        converted.business_date,
        {{ clock_time('converted.sold_at_local', 'converted.is_time_known') }} as clock_time,
        converted.sold_at_local,
        converted.sold_at
    from converted
    left join first_purchases
        on converted.transaction_id = first_purchases.transaction_id

)

select * from final
