{#
    Incremental by source and month: a night reads all customers of the months that it touches. If a customer's first
    month changes, so does the cohort in all of the customer's months; the grain `cohort_month` includes them.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['source_system', 'sales_month'],
        meta={'touched_by': 'cohort_month'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('cohort_month') %}

with customer_months as (

    select * from {{ ref('int_customer_months__sold') }}
    {% if is_incremental() -%}
    where (source_system, sales_month) in ({{ touched }})
    {%- endif %}

),

customers as (

    select * from {{ ref('int_customers__valued') }}

),

final as (

    select
        customer_months.source_system,
        customer_months.currency_code,
        cast(count(*) as integer) as customers,
        cast(sum(customer_months.purchases) as integer) as purchases,
        cast(sum(customer_months.net_amount) as numeric(18, 2)) as net_amount,
        cast({{ dbt.date_trunc('month', 'customers.first_purchase_date') }} as date)
            as first_sales_month,
        customer_months.sales_month
    from customer_months
    inner join customers
        on
            customer_months.customer_key = customers.customer_key
            and customer_months.currency_code = customers.currency_code
    group by
        customer_months.source_system,
        customer_months.currency_code,
        cast({{ dbt.date_trunc('month', 'customers.first_purchase_date') }} as date),
        customer_months.sales_month

)

select * from final
