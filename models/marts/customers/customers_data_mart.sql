{#
    A view, because every night changes values of every customer: days since the last purchase, inactivity, and
    segment boundaries. The tables that it reads are incremental.
#}
{{ config(materialized='view', meta={'touched_by': 'customer'}) }}

with customer_months as (

    select * from {{ ref('int_customer_months__sold') }}

),

customers as (

    select * from {{ ref('int_customers__valued') }}

),

listed_customers as (

    select * from {{ ref('int_customers__listed') }}

),

scored_customers as (

    select * from {{ ref('int_customers__rfm_scored') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

final as (

    select
        customer_months.customer_key,
        customer_months.source_system,
        customers.customer_id,
        -- Without a list, the name on the latest receipt.
        coalesce(listed_customers.full_name, customers.last_customer_name) as full_name,
        listed_customers.address,
        listed_customers.phone_number,
        cast(to_char(customer_months.sales_month, 'YYYY-MM') as text) as sales_date_month,
        customer_months.currency_code,
        scored_customers.customer_segment,
        scored_customers.rfm_segment,
        customer_months.net_amount as total_sales,
        cast(customer_months.net_amount_company as numeric(18, 2)) as total_sales_company,
        customers.net_amount as customer_lifetime_value,
        cast(customers.net_amount_company as numeric(18, 2)) as customer_lifetime_value_company,
        cast(to_char(customers.first_purchase_date, 'YYYY-MM') as text) as first_purchase_month,
        cast(to_char(customers.last_purchase_date, 'YYYY-MM') as text) as last_purchase_month,
        customers.purchases as purchase_frequency,
        customers.average_purchase_amount as monetary_value,
        customers.average_month_amount as avg_monthly_spending,
        customers.max_net_amount as max_single_transaction,
        customers.average_days_between_purchases as avg_time_between_purchases,
        {{ dbt.datediff('customers.last_purchase_date', 'sources.as_of_date', 'day') }}
        > {{ var('customer_inactive_days') }} as inactive_status,
        customer_months.sales_month as sales_month_start_date
    from customer_months
    inner join customers
        on
            customer_months.customer_key = customers.customer_key
            and customer_months.currency_code = customers.currency_code
    inner join scored_customers
        on
            customer_months.customer_key = scored_customers.customer_key
            and customer_months.currency_code = scored_customers.currency_code
    inner join sources on customer_months.source_system = sources.source_system
    left join listed_customers
        on customer_months.customer_key = listed_customers.customer_key

)

select * from final
