{# Incremental by branch and business date; a touched day also changes the day a week after it. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        meta={'touched_by': 'reported_branch_day', 'data_lag': {'rpt_daily_sales': ['sales', 'orders']}},
        on_schema_change='fail',
        indexes=[{'columns': ['business_date']}],
    )
}}
{%- set touched = touched('reported_branch_day') %}

{% if is_incremental() -%}
with reported_days as (

    {{ touched }}

),

-- The reported days and the days a week before them.
needed_days as (

    select
        branch_key,
        business_date
    from reported_days
    union
    select
        branch_key,
        cast({{ dbt.dateadd('day', -7, 'business_date') }} as date) as business_date
    from reported_days

),

transactions as (

    select transactions.*
    from {{ ref('fct_transactions') }} as transactions
    inner join needed_days
        on
            transactions.branch_key = needed_days.branch_key
            and transactions.business_date = needed_days.business_date

),

known_transactions as (

    select * from transactions
    where is_customer_known

),
{%- else -%}
{#- Two queries, because PostgreSQL materializes a CTE that is read twice. -#}
with transactions as (

    select * from {{ ref('fct_transactions') }}

),

known_transactions as (

    select * from {{ ref('fct_transactions') }}
    where is_customer_known

),
{%- endif %}

-- Separate, because counting distinct customers together with the sums would sort all receipts.
customers as (

    select distinct
        branch_key,
        customer_key,
        business_date
    from known_transactions

),

customer_counts as (

    select
        branch_key,
        count(*) as known_customers,
        business_date
    from customers
    group by branch_key, business_date

),

days as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        count(*) as transactions,
        sum(items_sold) as items_sold,
        sum(net_amount) as net_sales,
        sum(net_amount_company) as net_amount_company,
        {{ returned_company_amount() }} as returned_amount_company,
        {{ returns_of() }},
        sum(case when payment_method = 'CASH' then net_amount else 0 end) as cash_sales,
        sum(case when payment_method = 'CARD' then net_amount else 0 end) as card_sales,
        sum(case when payment_method = 'OTHER' then net_amount else 0 end) as other_sales,
        -- Null unless every receipt has a rate.
        case when count(vat_amount) = count(*) then sum(vat_amount) end as vat_amount,
        -- A customer has one first purchase.
        sum(case when is_first_purchase then 1 else 0 end) as new_customers,
        {{ dbt.bool_or('is_rate_estimated') }} as is_rate_estimated,
        business_date
    from transactions
    group by branch_key, source_system, branch_name, currency_code, business_date

),

final as (

    select
        days.branch_key,
        days.source_system,
        days.branch_name,
        days.currency_code,
        {{ company_currency() }} as company_currency_code,
        cast(days.transactions as integer) as transactions,
        cast(days.returns as integer) as returns,
        cast(days.items_sold as bigint) as items_sold,
        cast(days.net_sales as numeric(18, 2)) as net_sales,
        cast(days.net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(days.net_amount_company as numeric(38, 6)) as net_amount_company,
        cast(days.returned_amount as numeric(18, 2)) as returned_amount,
        cast(days.returned_amount_company as numeric(38, 6)) as returned_amount_company,
        cast(days.vat_amount as numeric(18, 2)) as vat_amount,
        cast(days.net_sales - days.vat_amount as numeric(18, 2)) as net_of_vat_sales,
        cast(days.cash_sales as numeric(18, 2)) as cash_sales,
        cast(days.card_sales as numeric(18, 2)) as card_sales,
        cast(days.other_sales as numeric(18, 2)) as other_sales,
        {{ average_receipt(
            'days.net_sales', 'days.returned_amount', 'days.transactions', 'days.returns'
        ) }} as average_transaction_value,
        cast(days.new_customers as integer) as new_customers,
        cast(coalesce(customer_counts.known_customers, 0) - days.new_customers as integer)
            as returning_customers,
        cast(last_week.transactions as integer) as transactions_last_week,
        cast(last_week.net_sales as numeric(18, 2)) as net_sales_last_week,
        {{ change_percent('days.net_sales', 'last_week.net_sales') }} as net_sales_change_percent,
        coalesce(days.is_rate_estimated, false) as is_rate_estimated,
        days.business_date
    from days
    left join customer_counts
        on
            days.branch_key = customer_counts.branch_key
            and days.business_date = customer_counts.business_date
    left join days as last_week
        on
            days.branch_key = last_week.branch_key
            and days.business_date = cast(
                {{ dbt.dateadd('day', 7, 'last_week.business_date') }} as date
            )
    {% if is_incremental() -%}
    inner join reported_days
        on
            days.branch_key = reported_days.branch_key
            and days.business_date = reported_days.business_date
    {%- endif %}

)

select * from final
