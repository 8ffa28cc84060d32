with listed_employees as (

    select * from {{ ref('snap_sales_desk__employees') }}

),

employees as (

    select * from {{ ref('int_sales_desk__employees_current') }}

),

versions as (

    select
        {{ dbt_utils.generate_surrogate_key(['source_system', 'employee_id']) }} as employee_key,
        source_system,
        employee_id,
        manager_id,
        dbt_valid_from as version_start,
        dbt_valid_to as version_end
    from listed_employees

),

{{ validity_ranges(
    key=['employee_key', 'source_system', 'employee_id'], values=['manager_id'], prefer=[]
) }}

final as (

    select
        ranges.employee_key,
        case
            when ranges.manager_id is not null
                then {{ dbt_utils.generate_surrogate_key([
                    'ranges.source_system', 'ranges.manager_id'
                ]) }}
        end as manager_key,
        ranges.source_system,
        ranges.employee_id,
        ranges.manager_id,
        managers.full_name as manager_name,
        ranges.is_current,
        ranges.valid_from,
        ranges.valid_to
    from ranges
    left join employees as managers
        on
            ranges.source_system = managers.source_system
            and ranges.manager_id = managers.employee_id

)

select * from final
