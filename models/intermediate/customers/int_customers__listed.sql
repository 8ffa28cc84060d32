{# The current customer list. The table is updated, not replaced, so that views on it stay. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key='customer_key',
        on_schema_change='fail',
    )
}}

with customers as (

    select * from {{ ref('int_customers__listed_everywhere') }}
    where is_current

),

final as (

    select
        customer_key,
        source_system,
        customer_id,
        full_name,
        address,
        phone_number
    from customers

)

select * from final
