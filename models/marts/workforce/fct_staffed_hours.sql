with attendance as (

    select * from {{ ref('int_employee_shifts__paired') }}
    where worked_seconds > 0

),

branches as (

    select * from {{ ref('dim_branches') }}

),

hours_sold as (

    select * from {{ ref('int_branch_hours__sold') }}

),

-- Each shift, cut at the hours of the branch's clock.
stretches as (

    select
        attendance.branch_key,
        attendance.employee_key,
        clock.hour_local,
        {{ seconds_between(
            'greatest(attendance.worked_from_at, clock.hour_begins_at)',
            'least(attendance.clocked_out_at, clock.hour_ends_at)'
        ) }} as worked_seconds
    from attendance
    inner join branches on attendance.branch_key = branches.branch_key
    cross join lateral {{ clock_hours(
        'attendance.worked_from_at', 'attendance.clocked_out_at', 'branches.time_zone', 'clock'
    ) }}
    {{ evaluate_once() }}

),

staff as (

    select
        branch_key,
        cast(extract(hour from hour_local) as integer) as hour_of_day,
        count(distinct employee_key) as staff,
        sum(worked_seconds) / 3600 as staff_hours,
        cast(hour_local as date) as business_date
    from stretches
    where worked_seconds > 0
    group by branch_key, hour_local

),

-- The day of a shift is the day of its in.
shift_days as (

    select distinct
        branch_key,
        business_date
    from attendance

),

staffed_days as (

    select distinct
        staff.branch_key,
        shift_days.branch_key is not null as has_shift,
        staff.business_date
    from staff
    left join shift_days
        on
            staff.branch_key = shift_days.branch_key
            and staff.business_date = shift_days.business_date

),

-- On days without a shift it is not known who was there: neither after the hours in which the night
-- shift of the day before ended.
sales as (

    select
        hours_sold.*,
        staffed_days.has_shift
    from hours_sold
    inner join staffed_days
        on
            hours_sold.branch_key = staffed_days.branch_key
            and hours_sold.business_date = staffed_days.business_date

),

joined as (

    select
        coalesce(staff.branch_key, sales.branch_key) as branch_key,
        coalesce(staff.hour_of_day, sales.hour_of_day) as hour_of_day,
        coalesce(staff.staff, 0) as staff,
        coalesce(staff.staff_hours, 0) as staff_hours,
        coalesce(sales.transactions, 0) as transactions,
        coalesce(sales.net_amount, 0) as net_sales,
        case
            when sales.branch_key is null then 0 else sales.net_amount_company
        end as net_amount_company,
        coalesce(staff.business_date, sales.business_date) as business_date
    from staff
    full outer join sales
        on
            staff.branch_key = sales.branch_key
            and staff.business_date = sales.business_date
            and staff.hour_of_day = sales.hour_of_day
    where staff.branch_key is not null or sales.has_shift

),

final as (

    select
        joined.branch_key,
        branches.source_system,
        branches.branch_name,
        branches.currency_code,
        {{ weekday_number('joined.business_date') }} as weekday_number,
        joined.hour_of_day,
        cast(joined.staff as integer) as staff,
        cast(joined.staff_hours as numeric(18, 6)) as staff_hours,
        cast(joined.transactions as integer) as transactions,
        cast(joined.net_sales as numeric(18, 2)) as net_sales,
        cast(joined.net_amount_company as numeric(38, 6)) as net_amount_company,
        joined.business_date
    from joined
    inner join branches on joined.branch_key = branches.branch_key

)

select * from final
