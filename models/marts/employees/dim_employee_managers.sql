with listed_employees as (

    select * from {{ ref('int_employees__history') }}

),

employees as (

    select * from {{ ref('int_employees__listed_everywhere') }}
    where is_current

),

versions as (

    select
        {{ employee_key() }} as employee_key,
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
        {{ employee_key('ranges.manager_id', 'ranges.source_system') }} as manager_key,
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
