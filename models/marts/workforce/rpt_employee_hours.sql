with employee_days as (

    select * from {{ ref('fct_employee_days') }}

),

attendance_exceptions as (

    select * from {{ ref('rpt_attendance_exceptions') }}

),

employees as (

    select * from {{ ref('dim_employees') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

worked as (

    select
        employee_key,
        branch_key,
        source_system,
        employee_id,
        count(*) as days,
        sum(shifts) as shifts,
        sum(manual_shifts) as manual_shifts,
        sum(shifts_over_midnight) as shifts_over_midnight,
        sum(shifts_without_pay) as shifts_without_pay,
        sum(manual_punches) as manual_punches,
        sum(clocked_hours) as clocked_hours,
        sum(worked_hours) as worked_hours,
        sum(hours_tier_1) as hours_tier_1,
        sum(hours_tier_2) as hours_tier_2,
        sum(hours_tier_3) as hours_tier_3,
        sum(paid_hours) as paid_hours,
        sum(unpaid_hours) as unpaid_hours,
        sum(pay_amount) as pay_amount,
        sum(net_sales) as net_sales,
        {{ company_sum() }} as net_amount_company,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date
    from employee_days
    group by
        employee_key,
        branch_key,
        source_system,
        employee_id,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date)

),

-- Punches of a shift are counted above, those of no shift here.
excepted as (

    select
        employee_key,
        branch_key,
        source_system,
        employee_id,
        count(*) as exceptions,
        sum(
            case
                when clocked_in_at_local is null or clocked_out_at_local is null
                    then manual_punches
                else 0
            end
        ) as manual_punches,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date
    from attendance_exceptions
    group by
        employee_key,
        branch_key,
        source_system,
        employee_id,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date)

),

-- A person may have punches in a month, and not a single shift.
months as (

    select
        coalesce(worked.employee_key, excepted.employee_key) as employee_key,
        coalesce(worked.branch_key, excepted.branch_key) as branch_key,
        coalesce(worked.source_system, excepted.source_system) as source_system,
        coalesce(worked.employee_id, excepted.employee_id) as employee_id,
        coalesce(worked.days, 0) as days,
        coalesce(worked.shifts, 0) as shifts,
        coalesce(worked.manual_shifts, 0) as manual_shifts,
        coalesce(worked.shifts_over_midnight, 0) as shifts_over_midnight,
        coalesce(worked.shifts_without_pay, 0) as shifts_without_pay,
        coalesce(worked.manual_punches, 0) + coalesce(excepted.manual_punches, 0)
            as manual_punches,
        coalesce(excepted.exceptions, 0) as exceptions,
        coalesce(worked.clocked_hours, 0) as clocked_hours,
        coalesce(worked.worked_hours, 0) as worked_hours,
        coalesce(worked.hours_tier_1, 0) as hours_tier_1,
        coalesce(worked.hours_tier_2, 0) as hours_tier_2,
        coalesce(worked.hours_tier_3, 0) as hours_tier_3,
        coalesce(worked.paid_hours, 0) as paid_hours,
        coalesce(worked.unpaid_hours, 0) as unpaid_hours,
        worked.pay_amount,
        coalesce(worked.net_sales, 0) as net_sales,
        case
            when worked.employee_key is null then 0 else worked.net_amount_company
        end as net_amount_company,
        coalesce(worked.month_start_date, excepted.month_start_date) as month_start_date
    from worked
    full outer join excepted
        on
            worked.employee_key = excepted.employee_key
            and worked.branch_key = excepted.branch_key
            and worked.month_start_date = excepted.month_start_date

),

final as (

    select
        months.employee_key,
        months.branch_key,
        months.source_system,
        months.employee_id,
        employees.full_name,
        branches.branch_name,
        branches.currency_code,
        cast(to_char(months.month_start_date, 'YYYY-MM') as text) as year_month,
        cast(months.days as integer) as days,
        cast(months.shifts as integer) as shifts,
        cast(months.manual_shifts as integer) as manual_shifts,
        cast(months.shifts_over_midnight as integer) as shifts_over_midnight,
        cast(months.shifts_without_pay as integer) as shifts_without_pay,
        cast(months.manual_punches as integer) as manual_punches,
        cast(months.exceptions as integer) as exceptions,
        cast(round(months.clocked_hours, 2) as numeric(18, 2)) as clocked_hours,
        cast(round(months.worked_hours, 2) as numeric(18, 2)) as worked_hours,
        cast(round(months.hours_tier_1, 2) as numeric(18, 2)) as hours_tier_1,
        cast(round(months.hours_tier_2, 2) as numeric(18, 2)) as hours_tier_2,
        cast(round(months.hours_tier_3, 2) as numeric(18, 2)) as hours_tier_3,
        cast(round(months.paid_hours, 2) as numeric(18, 2)) as paid_hours,
        cast(round(months.unpaid_hours, 2) as numeric(18, 2)) as unpaid_hours,
        cast(months.pay_amount as numeric(18, 2)) as pay_amount,
        cast(months.net_sales as numeric(18, 2)) as net_sales,
        cast(months.net_amount_company as numeric(18, 2)) as net_sales_company,
        {{ ratio('months.net_sales', 'months.worked_hours') }} as net_sales_per_hour,
        {{ ratio('months.net_sales', 'cast(months.shifts as numeric)') }} as net_sales_per_shift,
        months.month_start_date
    from months
    inner join branches on months.branch_key = branches.branch_key
    left join employees on months.employee_key = employees.employee_key

)

select * from final
