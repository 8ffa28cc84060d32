{# Incremental by customer: a night touches few of them. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='customer_key',
        meta={'touched_by': 'listed_customer'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('listed_customer') %}

with customers as (

    select * from {{ ref('int_customers__summed_up') }}
    {% if is_incremental() -%}
    where customer_key in ({{ touched }})
    {%- endif %}

),

listed_customers as (

    select * from {{ ref('int_customers__listed_everywhere') }}
    where is_current
    {% if is_incremental() -%}
    and customer_key in ({{ touched }})
    {%- endif %}

),

known_customers as (

    select
        coalesce(customers.customer_key, listed_customers.customer_key) as customer_key,
        coalesce(customers.source_system, listed_customers.source_system) as source_system,
        coalesce(customers.customer_id, listed_customers.customer_id) as customer_id,
        coalesce(customers.customer_identified_by, 'number') as identified_by,
        -- Without a list, the name on the latest receipt.
        coalesce(listed_customers.full_name, customers.last_customer_name) as customer_name,
        customers.last_card_last4 as card_last4,
        listed_customers.company_name,
        listed_customers.email_address,
        listed_customers.country_code,
        customers.last_branch_key,
        coalesce(customers.purchases, 0) as purchases,
        listed_customers.customer_key is null as is_inferred,
        listed_customers.date_of_birth,
        listed_customers.joined_on,
        customers.first_purchase_date,
        customers.last_purchase_date
    from customers
    full outer join listed_customers on customers.customer_key = listed_customers.customer_key

),

{% if not is_incremental() -%}
-- All receipts without a customer have the unknown customer of their source.
unknown_customers as (

    select
        {{ customer_key("'unknown'", "'unknown'", 'sources.source_system') }} as customer_key,
        sources.source_system,
        cast(null as text) as customer_id,
        'unknown' as identified_by,
        cast(null as text) as customer_name,
        cast(null as text) as card_last4,
        cast(null as text) as company_name,
        cast(null as text) as email_address,
        cast(null as text) as country_code,
        cast(null as text) as last_branch_key,
        cast(null as integer) as purchases,
        true as is_inferred,
        cast(null as date) as date_of_birth,
        cast(null as date) as joined_on,
        cast(null as date) as first_purchase_date,
        cast(null as date) as last_purchase_date
    from (
        {% for source_system in sources_with('transactions') -%}
        {{ 'union all ' if not loop.first }}select '{{ source_system }}' as source_system
        {% endfor %}
    ) as sources

),
{%- endif %}

final as (

    select * from known_customers
    {% if not is_incremental() -%}
    union all
    select * from unknown_customers
    {%- endif %}

)

select * from final
