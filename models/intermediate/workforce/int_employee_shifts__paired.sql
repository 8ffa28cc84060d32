{#
    A table, whole in every run: a punch that arrives late may pair anew with those before and after it, and a million
    punches take seconds (docs/workforce.md).
#}
{{ config(materialized='table') }}

{%- set max_shift_seconds = 3600 * var('workforce_max_shift_hours') -%}
{%- set doubled_seconds = 60 * var('workforce_doubled_minutes') %}

with punches as (

    select * from {{ ref('int_punches__unioned') }}
    where is_current

),

last_punches as (

    select
        branch_key,
        max(punched_at) as last_punched_at
    from punches
    group by branch_key

),

-- Punches of one moment are in the order in which their source wrote them.
ordered as (

    select
        source_system,
        branch_key,
        employee_key,
        employee_id,
        branch_name,
        movement,
        is_manual,
        business_date,
        punched_at_local,
        punched_at,
        row_number() over same_moment as place_in_moment,
        lag(movement) over person as movement_before,
        lag(punched_at) over person as punched_before_at,
        lead(movement) over person as next_movement,
        lead(is_manual) over person as is_next_manual,
        lead(punched_at_local) over person as next_punched_at_local,
        lead(punched_at) over person as next_punched_at
    from punches
    window
        person as (
            partition by employee_key, branch_key
            order by punched_at, sequence_number, file_id, line_number
        ),
        same_moment as (
            partition by employee_key, branch_key, punched_at, movement
            order by sequence_number, file_id, line_number
        )

),

-- An out that ends a shift has no outcome of its own: it is in the row of its in.
paired as (

    select
        *,
        case
            when movement = 'in' and next_movement = 'out' then 'shift'
            when
                movement = 'in'
                and next_movement = 'in'
                and {{ seconds_between('punched_at', 'next_punched_at') }} <= {{ doubled_seconds }}
                then 'in_doubled'
            when movement = 'in' then 'in_without_out'
            when
                movement_before = 'out'
                and {{ seconds_between('punched_before_at', 'punched_at') }}
                <= {{ doubled_seconds }}
                then 'out_doubled'
            when movement_before = 'in' then null
            else 'out_without_in'
        end as outcome
    from ordered
    {{ evaluate_once() }}

),

attendance as (

    select
        {{ dbt_utils.generate_surrogate_key([
            'employee_key',
            'branch_key',
            'movement',
            seconds_since_epoch('punched_at'),
            'place_in_moment',
        ]) }} as attendance_key,
        source_system,
        branch_key,
        employee_key,
        employee_id,
        branch_name,
        outcome,
        case when is_manual then 1 else 0 end
        + case when outcome = 'shift' and is_next_manual then 1 else 0 end as manual_punches,
        case
            when outcome = 'shift' then {{ seconds_between('punched_at', 'next_punched_at') }}
        end as shift_seconds,
        next_movement is null as is_last,
        business_date,
        case when movement = 'in' then punched_at_local end as clocked_in_at_local,
        case
            when outcome = 'shift' then next_punched_at_local
            when movement = 'out' then punched_at_local
        end as clocked_out_at_local,
        case when movement = 'in' then punched_at end as clocked_in_at,
        case
            when outcome = 'shift' then next_punched_at
            when movement = 'out' then punched_at
        end as clocked_out_at
    from paired
    where outcome is not null
    {{ evaluate_once() }}

),

-- Until when a person's earlier shifts last that count, in whatever branch.
covered as (

    select
        *,
        coalesce(shift_seconds > {{ max_shift_seconds }}, false) as is_too_long,
        max(case when shift_seconds <= {{ max_shift_seconds }} then clocked_out_at end) over (
            partition by employee_key
            order by clocked_in_at, clocked_out_at, attendance_key
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from attendance

),

-- Of a person's overlapping shifts the one that began first counts whole, and of the other one what
-- remains of it.
counted as (

    select
        *,
        case
            when outcome <> 'shift' or is_too_long then null
            when covered_until > clocked_in_at then least(covered_until, clocked_out_at)
            else clocked_in_at
        end as worked_from_at
    from covered

),

final as (

    select
        counted.attendance_key,
        counted.source_system,
        counted.branch_key,
        counted.employee_key,
        counted.employee_id,
        counted.branch_name,
        counted.outcome,
        counted.manual_punches,
        cast(counted.shift_seconds as numeric(18, 6)) as shift_seconds,
        cast(
            case
                when counted.is_too_long then 0
                when counted.outcome = 'shift'
                    then {{ seconds_between('counted.worked_from_at', 'counted.clocked_out_at') }}
            end as numeric(18, 6)
        ) as worked_seconds,
        counted.is_too_long,
        counted.outcome = 'in_without_out'
        and counted.is_last
        and {{ seconds_between('counted.clocked_in_at', 'last_punches.last_punched_at') }}
        <= {{ max_shift_seconds }} as is_open,
        counted.business_date,
        counted.clocked_in_at_local,
        counted.clocked_out_at_local,
        counted.clocked_in_at,
        counted.worked_from_at,
        counted.clocked_out_at
    from counted
    inner join last_punches on counted.branch_key = last_punches.branch_key

)

select * from final
