{# Incremental by branch and business date: a night touches few days. #}
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

    select * from {{ ref('fct_transactions') }}
    {% if is_incremental() -%}
    where (branch_key, business_date) in ({{ touched }})
    {%- endif %}

),

payments as (

    select * from {{ ref('fct_payments') }}
    {% if is_incremental() -%}
    where (branch_key, business_date) in ({{ touched }})
    {%- endif %}

),

-- A receipt has one payment method, so its amount is in one row; its payments may be in several.
parts as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        payment_method,
        count(*) as transactions,
        0 as payments,
        sum(net_amount) as net_sales,
        sum(net_amount_company) as net_amount_company,
        0 as settled_amount,
        business_date
    from transactions
    group by branch_key, source_system, branch_name, currency_code, payment_method, business_date
    union all
    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        payment_method,
        0 as transactions,
        count(*) as payments,
        0 as net_sales,
        null as net_amount_company,
        coalesce(sum(amount), 0) as settled_amount,
        business_date
    from payments
    group by branch_key, source_system, branch_name, currency_code, payment_method, business_date

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        payment_method,
        cast(sum(transactions) as integer) as transactions,
        cast(sum(net_sales) as numeric(18, 2)) as net_sales,
        -- A method that only paid a part of other receipts has no receipt to convert.
        cast(
            case when sum(transactions) > 0 then sum(net_amount_company) else 0 end
            as numeric(18, 2)
        ) as net_sales_company,
        {{ ratio(
            '100 * sum(net_sales)',
            'sum(sum(net_sales)) over (partition by branch_key, currency_code, business_date)'
        ) }} as sales_share_percent,
        cast(
            case when {{ is_source_with('payments') }} then sum(payments) end as integer
        ) as payments,
        cast(
            case when {{ is_source_with('payments') }} then sum(settled_amount) end
            as numeric(18, 2)
        ) as settled_amount,
        business_date
    from parts
    group by branch_key, source_system, branch_name, currency_code, payment_method, business_date

)

select * from final
