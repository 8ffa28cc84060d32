{#- What is reported of a shift: where, which hours, and how many of them are in no pay tier. -#}
{%- set shift_exceptions = {
    'shift_too_long': {
        'condition': "not_paid_reason = 'shift_too_long'",
        'hours': 'clocked_hours',
        'unpaid_hours': 'clocked_hours',
    },
    'shift_overlaps': {
        'condition': 'overlapping_hours > 0',
        'hours': 'overlapping_hours',
        'unpaid_hours': 'overlapping_hours',
    },
    'hours_past_last_tier': {
        'condition': 'hours_past_last_tier > 0',
        'hours': 'hours_past_last_tier',
        'unpaid_hours': 'hours_past_last_tier',
    },
    'pay_tiers_missing': {
        'condition': "not_paid_reason = 'pay_tiers_missing'",
        'hours': 'worked_hours',
        'unpaid_hours': 'worked_hours',
    },
    'wage_missing': {
        'condition': "not_paid_reason = 'wage_missing'",
        'hours': 'worked_hours',
        'unpaid_hours': '0',
    },
    'wage_currency_differs': {
        'condition': "not_paid_reason = 'wage_currency_differs'",
        'hours': 'worked_hours',
        'unpaid_hours': '0',
    },
} %}

with attendance as (

    select * from {{ ref('int_employee_shifts__paired') }}
    where outcome <> 'shift'

),

shifts as (

    select * from {{ ref('fct_employee_shifts') }}
    where not_paid_reason is not null or unpaid_hours > 0

),

employees as (

    select * from {{ ref('dim_employees') }}

),

-- A shift may have several: it overlaps, and what remains is too long for the tiers.
shift_exceptions as (

    {% for reason, exception in shift_exceptions.items() -%}
    select
        shift_key as attendance_key,
        source_system,
        branch_key,
        employee_key,
        employee_id,
        branch_name,
        '{{ reason }}' as reason,
        manual_punches,
        {{ exception.hours }} as hours,
        {{ exception.unpaid_hours }} as unpaid_hours,
        false as is_open,
        business_date,
        clocked_in_at_local,
        clocked_out_at_local
    from shifts
    where {{ exception.condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

exceptions as (

    select
        attendance_key,
        source_system,
        branch_key,
        employee_key,
        employee_id,
        branch_name,
        outcome as reason,
        manual_punches,
        cast(null as numeric) as hours,
        0 as unpaid_hours,
        is_open,
        business_date,
        clocked_in_at_local,
        clocked_out_at_local
    from attendance
    union all
    select *
    from shift_exceptions

),

final as (

    select
        {{ dbt_utils.generate_surrogate_key(
            ['exceptions.attendance_key', 'exceptions.reason']
        ) }} as exception_key,
        exceptions.source_system,
        exceptions.branch_key,
        exceptions.employee_key,
        exceptions.employee_id,
        employees.full_name,
        exceptions.branch_name,
        exceptions.reason,
        cast(exceptions.manual_punches as integer) as manual_punches,
        cast(exceptions.hours as numeric(18, 6)) as hours,
        cast(exceptions.unpaid_hours as numeric(18, 6)) as unpaid_hours,
        exceptions.is_open,
        exceptions.business_date,
        exceptions.clocked_in_at_local,
        exceptions.clocked_out_at_local
    from exceptions
    left join employees on exceptions.employee_key = employees.employee_key

)

select * from final
