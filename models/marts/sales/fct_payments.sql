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

with payments as (

    {% if is_incremental() -%}
    {{ look_up_branch_days(ref('int_payments__unioned'), touched) }}
    {%- else -%}
    select * from {{ ref('int_payments__unioned') }}
    {%- endif %}

),

settlements as (

    select * from payments
    where is_settlement and is_current

),

{{ converted('settlements', ref('int_exchange_rates__ranges')) }},

final as (

    select
        transaction_id,
        payment_number,
        receipt_number,
        source_system,
        branch_key,
        branch_name,
        payment_method,
        card_type,
        currency_code,
        instalments,
        amount,
        {{ company_amount('amount') }} as amount_company,
        is_rate_estimated,
        business_date
    from converted

)

select * from final
