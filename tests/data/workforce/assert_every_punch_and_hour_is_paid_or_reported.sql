-- For every person and branch: each current punch is one half of a shift, or reported; and the real
-- hours of the shifts are those that are paid, and those that are reported as not paid.
with punches as (

    select
        employee_key,
        branch_key,
        count(*) as punches
    from {{ ref('int_punches__unioned') }}
    where is_current
    group by employee_key, branch_key

),

attendance as (

    select
        employee_key,
        branch_key,
        sum(case when outcome = 'shift' then 2 else 1 end) as punches,
        sum(case when outcome = 'shift' then 1 else 0 end) as shifts,
        sum(case when outcome = 'shift' then 0 else 1 end) as unpaired,
        coalesce(sum(shift_seconds), 0) / 3600 as clocked_hours
    from {{ ref('int_employee_shifts__paired') }}
    group by employee_key, branch_key

),

shifts as (

    select
        employee_key,
        branch_key,
        count(*) as shifts,
        sum(clocked_hours) as clocked_hours,
        sum(paid_hours) as paid_hours
    from {{ ref('fct_employee_shifts') }}
    group by employee_key, branch_key

),

reported as (

    select
        employee_key,
        branch_key,
        sum(
            case
                when
                    reason in ('in_without_out', 'out_without_in', 'in_doubled', 'out_doubled')
                    then 1
                else 0
            end
        ) as unpaired,
        sum(unpaid_hours) as unpaid_hours
    from {{ ref('rpt_attendance_exceptions') }}
    group by employee_key, branch_key

)

select
    coalesce(punches.employee_key, attendance.employee_key) as employee_key,
    coalesce(punches.branch_key, attendance.branch_key) as branch_key
from punches
full outer join attendance
    on
        punches.employee_key = attendance.employee_key
        and punches.branch_key = attendance.branch_key
left join shifts
    on
        attendance.employee_key = shifts.employee_key
        and attendance.branch_key = shifts.branch_key
left join reported
    on
        attendance.employee_key = reported.employee_key
        and attendance.branch_key = reported.branch_key
where
    punches.employee_key is null
    or attendance.employee_key is null
    or punches.punches <> attendance.punches
    or attendance.shifts <> coalesce(shifts.shifts, 0)
    or attendance.unpaired <> coalesce(reported.unpaired, 0)
    or coalesce(shifts.clocked_hours, 0)
    <> coalesce(shifts.paid_hours, 0) + coalesce(reported.unpaid_hours, 0)
    -- Each shift's hours are rounded to a millionth.
    or abs(attendance.clocked_hours - coalesce(shifts.clocked_hours, 0))
    > 0.0000005 * attendance.shifts
