{# The customer list as it is now, kept in place, so that the views upon it stay where they are. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key='customer_key',
        on_schema_change='fail',
        post_hook="{{ advance_high_water_mark() }}",
    )
}}

with customers as (

    select * from {{ ref('int_sales_desk__customers_current') }}

),

final as (

    select
        {{ customer_key_of_number('source_system', 'customer_id') }} as customer_key,
        source_system,
        customer_id,
        full_name,
        address,
        phone_number
    from customers

)

select * from final
