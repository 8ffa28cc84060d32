with employees as (

    select * from {{ ref('stg_sales_desk__employees') }}

),

files as (

    select * from {{ ref('int_files__versioned') }}

),

current_employees as (

    {{ current_rows('employees', 'files', 'employee_id') }}

),

final as (

    select
        source_system,
        employee_id,
        first_name,
        last_name,
        nullif(concat_ws(' ', first_name, last_name), '') as full_name,
        manager_id,
        coalesce(is_manager, false) as is_manager,
        address,
        postal_code,
        {{ parse_date('joined_on_text') }} as joined_on,
        cast(loaded_at at time zone 'UTC' as timestamp) as changed_at
    from current_employees

)

select * from final
