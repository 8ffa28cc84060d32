{# Incremental by branch and month: a night touches one or two months. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'sales_month'],
        meta={'touched_by': 'branch_month'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('branch_month') %}

{% if is_incremental() -%}
with touched_months as (

    {{ touched }}

),

-- As ranges of days, which an index can find.
transactions as (

    select transactions.*
    from {{ ref('int_transactions__unioned') }} as transactions
    inner join touched_months
        on
            transactions.branch_key = touched_months.branch_key
            and transactions.business_date >= touched_months.sales_month
            and transactions.business_date
            < cast({{ dbt.dateadd('month', 1, 'touched_months.sales_month') }} as date)
    where transactions.is_sale and transactions.employee_key is not null

),
{%- else -%}
with transactions as (

    select * from {{ ref('int_transactions__unioned') }}
    where is_sale and employee_key is not null

),
{%- endif %}

{{ converted('transactions', ref('int_exchange_rates__ranges')) }},

valued as (

    select
        employee_key,
        branch_key,
        source_system,
        employee_id,
        branch_name,
        currency_code,
        items_sold,
        net_amount,
        {{ company_amount('net_amount') }} as net_amount_company,
        business_date
    from converted

),

final as (

    select
        employee_key,
        branch_key,
        source_system,
        employee_id,
        branch_name,
        currency_code,
        count(*) as transactions,
        cast(sum(items_sold) as bigint) as items_sold,
        sum(net_amount) as net_amount,
        cast(sum(net_amount_company) as numeric(38, 6)) as net_amount_company,
        {{ returns_of() }},
        max(net_amount) as max_net_amount,
        min(business_date) as first_sold_date,
        max(business_date) as last_sold_date,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from valued
    group by
        employee_key,
        branch_key,
        source_system,
        employee_id,
        branch_name,
        currency_code,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date)

)

select * from final
