{# Incremental by branch and week: a night touches the week of each branch and a few others. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'sales_week'],
        meta={'touched_by': 'branch_week'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('branch_week') %}

with transactions as (

    {% if is_incremental() -%}
    {{ look_up(
        ref('fct_transactions'),
        touched,
        'found.branch_key = wanted.branch_key'
        ' and found.business_date >= wanted.sales_week'
        ' and found.business_date < cast('
        ~ dbt.dateadd('day', 7, 'wanted.sales_week') ~ ' as date)'
    ) }}
    {%- else -%}
    select * from {{ ref('fct_transactions') }}
    {%- endif %}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

first_purchases as (

    select
        customer_key,
        cast({{ dbt.date_trunc('week', 'first_business_date') }} as date) as first_week
    from {{ ref('int_customers__summed_up') }}

),

-- One row per customer, branch and week, so that customers and sums are computed together; few
-- columns, because there are nearly as many rows as receipts.
customer_weeks as (

    select
        branch_key,
        customer_key,
        count(*) as transactions,
        sum(net_amount) as net_amount,
        sum(net_amount_company) as net_amount_company,
        cast({{ dbt.date_trunc('week', 'business_date') }} as date) as sales_week
    from transactions
    group by
        branch_key,
        customer_key,
        cast({{ dbt.date_trunc('week', 'business_date') }} as date)

),

-- Only the unknown customer has no first purchase.
divided as (

    select
        customer_weeks.*,
        case
            when first_purchases.customer_key is null then 'unknown'
            when customer_weeks.sales_week = first_purchases.first_week then 'new'
            else 'returning'
        end as kind
    from customer_weeks
    left join first_purchases on customer_weeks.customer_key = first_purchases.customer_key

),

-- First by kind, then side by side: each customer is added once.
kinds as (

    select
        branch_key,
        kind,
        count(*) as customers,
        sum(transactions) as transactions,
        sum(net_amount) as net_sales,
        sum(net_amount_company) as net_amount_company,
        sales_week
    from divided
    group by branch_key, kind, sales_week

),

weeks as (

    select
        branch_key,
        {%- for kind in ['new', 'returning', 'unknown'] %}
        {%- for measure in ['customers', 'transactions', 'net_sales'] %}
        sum(case when kind = '{{ kind }}' then {{ measure }} else 0 end)
            as {{ kind }}_{{ measure }},
        {%- endfor %}
        {%- endfor %}
        sum(transactions) as transactions,
        sum(net_sales) as net_sales,
        sum(net_amount_company) as net_amount_company,
        sales_week
    from kinds
    group by branch_key, sales_week

),

final as (

    select
        weeks.branch_key,
        branches.source_system,
        branches.branch_name,
        branches.currency_code,
        cast(weeks.new_customers as integer) as new_customers,
        cast(weeks.returning_customers as integer) as returning_customers,
        cast(weeks.new_transactions as integer) as new_customer_transactions,
        cast(weeks.returning_transactions as integer) as returning_customer_transactions,
        cast(weeks.unknown_transactions as integer) as unknown_customer_transactions,
        cast(weeks.transactions as integer) as transactions,
        cast(weeks.new_net_sales as numeric(18, 2)) as new_customer_net_sales,
        cast(weeks.returning_net_sales as numeric(18, 2)) as returning_customer_net_sales,
        cast(weeks.unknown_net_sales as numeric(18, 2)) as unknown_customer_net_sales,
        cast(weeks.net_sales as numeric(18, 2)) as net_sales,
        cast(weeks.net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(
            round(
                100.0 * weeks.returning_customers
                / nullif(weeks.new_customers + weeks.returning_customers, 0),
                2
            ) as numeric(18, 2)
        ) as returning_customers_percent,
        weeks.sales_week
    from weeks
    inner join branches on weeks.branch_key = branches.branch_key

)

select * from final
