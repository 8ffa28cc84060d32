{#
    Kept counts (macros/incremental/kept_counts.sql): a night changes them where int_customer_months__sold and
    int_customers__valued replace their rows, and adds nothing here.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key=['source_system', 'sales_month', 'first_sales_month', 'currency_code'],
        on_schema_change='fail',
    )
}}

with customer_months as (

    select * from {{ ref('int_customer_months__sold') }}
    {% if is_incremental() -%}
    where false
    {%- endif %}

),

customers as (

    select * from {{ ref('int_customers__valued') }}

),

counted as (

    {{ customers_by_cohort('customer_months', 'customers', weight='1') | indent(4) }}

),

final as (

    select
        source_system,
        currency_code,
        cast(customers as integer) as customers,
        cast(purchases as integer) as purchases,
        cast(net_amount as numeric(18, 2)) as net_amount,
        cast(net_amount_company as numeric(38, 6)) as net_amount_company,
        cast(purchases_without_rate as integer) as purchases_without_rate,
        first_sales_month,
        sales_month
    from counted

)

select * from final
