{# Incremental by customer: a night touches few of them, and their months are few. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='customer_key',
        meta={
            'touched_by': 'valued_customer',
            'counted_in': ['int_customers__counted', 'int_cohort_months__sold'],
        },
        on_schema_change='fail',
    )
}}
{%- set touched = touched('valued_customer') %}

with customer_months as (

    select * from {{ ref('int_customer_months__sold') }}
    {% if is_incremental() -%}
    where customer_key in ({{ touched }})
    {%- endif %}

),

customers as (

    select * from {{ ref('int_customers__summed_up') }}
    {% if is_incremental() -%}
    where customer_key in ({{ touched }})
    {%- endif %}

),

totals as (

    select
        customer_key,
        currency_code,
        sum(purchases) as purchases,
        count(*) as months_with_purchases,
        sum(net_amount) as net_amount,
        sum(net_amount_company) as net_amount_company,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount,
        max(max_net_amount) as max_net_amount,
        min(first_purchase_date) as first_purchase_date,
        max(last_purchase_date) as last_purchase_date
    from customer_months
    group by customer_key, currency_code

),

final as (

    select
        totals.customer_key,
        customers.source_system,
        customers.customer_id,
        customers.last_customer_name,
        totals.currency_code,
        cast(totals.purchases as integer) as purchases,
        cast(totals.months_with_purchases as integer) as months_with_purchases,
        cast(totals.net_amount as numeric(18, 2)) as net_amount,
        cast(totals.net_amount_company as numeric(38, 6)) as net_amount_company,
        cast(totals.max_net_amount as numeric(18, 2)) as max_net_amount,
        {{ average_receipt(
            'totals.net_amount', 'totals.returned_amount', 'totals.purchases', 'totals.returns'
        ) }} as average_purchase_amount,
        -- From the first month to the last, inclusive, with months without a purchase.
        cast(
            round(
                totals.net_amount
                / (
                    cast(
                        {{ dbt.datediff(
                            'totals.first_purchase_date', 'totals.last_purchase_date', 'month'
                        ) }}
                        as integer
                    ) + 1
                ),
                2
            ) as numeric(18, 2)
        ) as average_month_amount,
        cast(
            round(
                cast(
                    {{ dbt.datediff(
                        'totals.first_purchase_date', 'totals.last_purchase_date', 'day'
                    ) }}
                    as numeric
                ) / nullif(totals.purchases - 1, 0),
                2
            ) as numeric(18, 2)
        ) as average_days_between_purchases,
        totals.first_purchase_date,
        totals.last_purchase_date
    from totals
    inner join customers on totals.customer_key = customers.customer_key

)

select * from final
