{# Incremental by customer: a night touches few of them. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_customers',
        unique_key='customer_key',
        on_schema_change='fail',
        post_hook="{{ advance_high_water_mark(after=['int_customers__summed_up']) }}",
    )
}}
{%- set touched = touched_customers() %}

with customers as (

    select * from {{ ref('int_customers__summed_up') }}
    {% if is_incremental() -%}
    where customer_key in ({{ touched }})
    {%- endif %}

),

known_customers as (

    select
        customer_key,
        source_system,
        customer_identified_by as identified_by,
        -- The name and the branch of the latest receipt: people change both.
        last_customer_name as customer_name,
        last_card_last4 as card_last4,
        last_branch_key,
        purchases,
        first_purchase_date,
        last_purchase_date
    from customers

),

-- Receipts that name neither a card nor a customer all point here.
unknown_customer as (

    select
        {{ dbt_utils.generate_surrogate_key(["'branch_pos'", "'unknown'", "'unknown'"]) }}
            as customer_key,
        'branch_pos' as source_system,
        'unknown' as identified_by,
        cast(null as text) as customer_name,
        cast(null as text) as card_last4,
        cast(null as text) as last_branch_key,
        cast(null as integer) as purchases,
        cast(null as date) as first_purchase_date,
        cast(null as date) as last_purchase_date

),

final as (

    select
        customer_key,
        source_system,
        identified_by,
        customer_name,
        card_last4,
        last_branch_key,
        purchases,
        true as is_inferred,
        first_purchase_date,
        last_purchase_date
    from (
        select * from known_customers
        {% if not is_incremental() -%}
        union all
        select * from unknown_customer
        {%- endif %}
    ) as all_customers

)

select * from final
