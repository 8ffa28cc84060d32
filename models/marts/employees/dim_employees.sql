with employees as (

    select * from {{ ref('int_employees__listed_everywhere') }}
    where is_current

),

employee_months as (

    select * from {{ ref('int_employee_months__sold') }}

),

sellers as (

    select
        employee_key,
        source_system,
        employee_id,
        min(first_sold_date) as first_sold_date,
        max(last_sold_date) as last_sold_date
    from employee_months
    group by employee_key, source_system, employee_id

),

-- A person with sales who is not on the list yet is inferred.
final as (

    select
        coalesce(sellers.employee_key, employees.employee_key) as employee_key,
        coalesce(employees.source_system, sellers.source_system) as source_system,
        coalesce(employees.employee_id, sellers.employee_id) as employee_id,
        employees.full_name,
        employees.manager_id,
        managers.full_name as manager_name,
        employees.is_manager,
        employees.employee_id is null as is_inferred,
        employees.joined_on,
        sellers.first_sold_date,
        sellers.last_sold_date
    from employees
    full outer join sellers
        on
            employees.source_system = sellers.source_system
            and employees.employee_id = sellers.employee_id
    left join employees as managers
        on
            employees.source_system = managers.source_system
            and employees.manager_id = managers.employee_id

)

select * from final
