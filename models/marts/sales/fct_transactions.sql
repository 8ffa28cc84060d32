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

taxed_branches as (

    select * from {{ ref('int_branches__taxed') }}

),

vat_rates as (

    select * from {{ ref('int_vat_rates__dated') }}

),

{{ taxed('sales') }},

final as (

    select
        taxed.transaction_id,
        taxed.receipt_number,
        taxed.source_system,
        taxed.branch_key,
        taxed.customer_key,
        taxed.employee_key,
        taxed.branch_name,
        {{ sales_channel('taxed.channel') }} as channel,
        taxed.country,
        taxed.payment_method,
        taxed.card_token,
        taxed.card_last4,
        taxed.currency_code,
        {{ time_period('taxed.time_period', 'taxed.sold_at_local', 'taxed.is_time_known') }}
            as time_period,
        case
            when taxed.net_amount < 0 and taxed.taxed_on is null and taxed.is_vat_rate_changed
                then concat_ws(', ', taxed.quality_flags, 'vat_rate_of_return_day')
            else taxed.quality_flags
        end as quality_flags,
        taxed.items_sold,
        taxed.net_amount,
        taxed.net_amount as gross_amount,
        taxed.vat_rate_percent,
        cast(taxed.net_amount - taxed.net_of_vat_amount as numeric(18, 2)) as vat_amount,
        taxed.net_of_vat_amount,
        taxed.net_amount < 0 as is_return,
        taxed.customer_identified_by <> 'unknown' as is_customer_known,
        taxed.is_time_known,
        first_purchases.transaction_id is not null as is_first_purchase,
        taxed.business_date,
        {{ clock_time('taxed.sold_at_local', 'taxed.is_time_known') }} as clock_time,
        taxed.sold_at_local,
        taxed.sold_at
    from taxed
    left join first_purchases
        on taxed.transaction_id = first_purchases.transaction_id

)

select * from final
