with employees as (

    select * from {{ ref('int_employees__listed_everywhere') }}
    where is_current

),

employee_months as (

    select * from {{ ref('int_employee_months__sold') }}

),

attendance as (

    select * from {{ ref('int_employee_shifts__paired') }}

),

-- People with sales or punches.
seen_employees as (

    select
        employee_key,
        source_system,
        employee_id
    from employee_months
    union
    select
        employee_key,
        source_system,
        employee_id
    from attendance

),

sellers as (

    select
        employee_key,
        min(first_sold_date) as first_sold_date,
        max(last_sold_date) as last_sold_date
    from employee_months
    group by employee_key

),

-- A person with sales or punches who is not on the list yet is inferred.
final as (

    select
        coalesce(seen_employees.employee_key, employees.employee_key) as employee_key,
        coalesce(employees.source_system, seen_employees.source_system) as source_system,
        coalesce(employees.employee_id, seen_employees.employee_id) as employee_id,
        employees.full_name,
        employees.manager_id,
        managers.full_name as manager_name,
        employees.is_manager,
        employees.employee_id is null as is_inferred,
        employees.joined_on,
        sellers.first_sold_date,
        sellers.last_sold_date
    from employees
    full outer join seen_employees
        on
            employees.source_system = seen_employees.source_system
            and employees.employee_id = seen_employees.employee_id
    left join sellers on seen_employees.employee_key = sellers.employee_key
    left join employees as managers
        on
            employees.source_system = managers.source_system
            and employees.manager_id = managers.employee_id

)

select * from final
