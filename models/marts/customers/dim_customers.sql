{# Incremental by customer: a night touches few of them. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_listed_customers',
        unique_key='customer_key',
        on_schema_change='fail',
        post_hook="{{ advance_high_water_mark(after=['int_customers__summed_up']) }}",
    )
}}
{%- set touched = touched_listed_customers() %}

with customers as (

    select * from {{ ref('int_customers__summed_up') }}
    {% if is_incremental() -%}
    where customer_key in ({{ touched }})
    {%- endif %}

),

numbered_customers as (

    select
        *,
        {{ customer_key_of_number('source_system', 'customer_id') }} as customer_key
    from {{ ref('int_sales_desk__customers_current') }}

),

listed_customers as (

    select * from numbered_customers
    {% if is_incremental() -%}
    where customer_key in ({{ touched }})
    {%- endif %}

),

known_customers as (

    select
        coalesce(customers.customer_key, listed_customers.customer_key) as customer_key,
        coalesce(customers.source_system, listed_customers.source_system) as source_system,
        coalesce(customers.customer_id, listed_customers.customer_id) as customer_id,
        coalesce(customers.customer_identified_by, 'number') as identified_by,
        -- Without a list, the name on the latest receipt: people change it.
        coalesce(listed_customers.full_name, customers.last_customer_name) as customer_name,
        customers.last_card_last4 as card_last4,
        customers.last_branch_key,
        coalesce(customers.purchases, 0) as purchases,
        listed_customers.customer_key is null as is_inferred,
        listed_customers.joined_on,
        customers.first_purchase_date,
        customers.last_purchase_date
    from customers
    full outer join listed_customers on customers.customer_key = listed_customers.customer_key

),

{% if not is_incremental() -%}
-- Receipts of a source that name no customer all point at its unknown one.
unknown_customers as (

    select
        {{ dbt_utils.generate_surrogate_key(['sources.source_system', "'unknown'", "'unknown'"]) }}
            as customer_key,
        sources.source_system,
        cast(null as text) as customer_id,
        'unknown' as identified_by,
        cast(null as text) as customer_name,
        cast(null as text) as card_last4,
        cast(null as text) as last_branch_key,
        cast(null as integer) as purchases,
        true as is_inferred,
        cast(null as date) as joined_on,
        cast(null as date) as first_purchase_date,
        cast(null as date) as last_purchase_date
    from (
        select 'branch_pos' as source_system
        union all
        select 'sales_desk' as source_system
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
