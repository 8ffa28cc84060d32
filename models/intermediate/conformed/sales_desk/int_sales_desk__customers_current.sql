with customers as (

    select * from {{ ref('stg_sales_desk__customers') }}

),

files as (

    select * from {{ ref('int_files__versioned') }}

),

current_customers as (

    {{ current_rows('customers', 'files', 'customer_id') }}

),

final as (

    select
        source_system,
        customer_id,
        first_name,
        last_name,
        nullif(concat_ws(' ', first_name, last_name), '') as full_name,
        address,
        postal_code,
        phone_number,
        {{ parse_date('joined_on_text') }} as joined_on,
        cast(loaded_at at time zone 'UTC' as timestamp) as changed_at
    from current_customers

)

select * from final
