{# A view: days since the last purchase grow each night without a new file. #}
{{ config(materialized='view', meta={'touched_by': 'customer'}) }}

with customers as (

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

-- A customer with purchases on one day only has no rhythm.
with_rhythm as (

    select
        customers.*,
        {{ dbt.datediff('customers.last_purchase_date', 'sources.as_of_date', 'day') }}
            as days_since_last_purchase,
        -- Not rounded: many purchases in a few days give a rhythm close to 0.
        cast(
            {{ dbt.datediff(
                'customers.first_purchase_date', 'customers.last_purchase_date', 'day'
            ) }} as numeric
        ) / (customers.purchases - 1) as days_between_purchases,
        sources.as_of_date
    from customers
    inner join sources on customers.source_system = sources.source_system
    where
        customers.purchases >= {{ var('customer_rhythm_purchases') }}
        and customers.last_purchase_date > customers.first_purchase_date
        and customers.net_amount > 0

),

at_risk as (

    select
        *,
        days_since_last_purchase
        > greatest(
            {{ var('customer_churned_rhythms') }} * days_between_purchases,
            {{ var('customer_inactive_days') }}
        ) as is_churned
    from with_rhythm
    where
        days_since_last_purchase
        > greatest(
            {{ var('customer_at_risk_rhythms') }} * days_between_purchases,
            {{ var('customer_at_risk_days') }}
        )

),

final as (

    select
        at_risk.customer_key,
        at_risk.source_system,
        at_risk.customer_id,
        coalesce(listed_customers.full_name, at_risk.last_customer_name) as full_name,
        listed_customers.phone_number,
        at_risk.currency_code,
        scored_customers.rfm_segment,
        scored_customers.customer_segment,
        at_risk.purchases,
        at_risk.net_amount as customer_lifetime_value,
        cast(at_risk.net_amount_company as numeric(18, 2)) as customer_lifetime_value_company,
        at_risk.average_month_amount as avg_monthly_spending,
        cast(12 * at_risk.average_month_amount as numeric(18, 2)) as value_at_stake,
        at_risk.average_days_between_purchases as avg_time_between_purchases,
        cast(at_risk.days_since_last_purchase as integer) as days_since_last_purchase,
        cast(
            at_risk.days_since_last_purchase - at_risk.average_days_between_purchases
            as numeric(18, 2)
        ) as days_beyond_rhythm,
        at_risk.is_churned,
        at_risk.last_purchase_date,
        at_risk.as_of_date
    from at_risk
    inner join scored_customers
        on
            at_risk.customer_key = scored_customers.customer_key
            and at_risk.currency_code = scored_customers.currency_code
    left join listed_customers on at_risk.customer_key = listed_customers.customer_key

)

select * from final
