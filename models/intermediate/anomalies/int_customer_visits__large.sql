{# Incremental by branch and business date: found among the receipts of the nightly run. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        on_schema_change='fail',
        indexes=[{'columns': ['customer_key']}],
        meta={
            'touched_by': 'branch_day',
            'settings': {
                'anomaly_min_visit_amount': var('anomaly_min_visit_amount'),
                'anomaly_min_visit_receipts': var('anomaly_min_visit_receipts'),
            },
        },
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
    where is_sale and customer_identified_by in ('card', 'number')

),

final as (

    select
        customer_key,
        branch_key,
        currency_code,
        business_date
    from sales
    group by customer_key, branch_key, currency_code, business_date
    having
        sum(abs(net_amount)) >= {{ var('anomaly_min_visit_amount') }}
        or count(*) >= {{ var('anomaly_min_visit_receipts') }}

)

select * from final
