with employee_days as (

    select * from {{ ref('fct_employee_days') }}

),

attendance as (

    select * from {{ ref('int_employee_shifts__paired') }}

),

daily_sales as (

    select * from {{ ref('rpt_daily_sales') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

staff as (

    select
        branch_key,
        sum(case when worked_hours > 0 then 1 else 0 end) as staff,
        sum(shifts) as shifts,
        sum(shifts_without_pay) as shifts_without_pay,
        sum(clocked_hours) as clocked_hours,
        sum(worked_hours) as worked_hours,
        sum(paid_hours) as paid_hours,
        sum(unpaid_hours) as unpaid_hours,
        sum(pay_amount) as pay_amount,
        sum(net_sales) as assigned_net_sales,
        business_date
    from employee_days
    group by branch_key, business_date

),

unpaired as (

    select
        branch_key,
        count(*) as unpaired_punches,
        business_date
    from attendance
    where outcome <> 'shift'
    group by branch_key, business_date

),

-- Only branches with a time clock: elsewhere nobody is on duty, and all sales would be unassigned.
clocked_branches as (

    select distinct branch_key from attendance

),

sales as (

    select daily_sales.*
    from daily_sales
    inner join clocked_branches on daily_sales.branch_key = clocked_branches.branch_key

),

days as (

    select
        branch_key,
        business_date
    from staff
    union
    select
        branch_key,
        business_date
    from unpaired
    union
    select
        branch_key,
        business_date
    from sales

),

final as (

    select
        days.branch_key,
        branches.source_system,
        branches.branch_name,
        branches.currency_code,
        cast(coalesce(staff.staff, 0) as integer) as staff,
        cast(coalesce(staff.shifts, 0) as integer) as shifts,
        cast(coalesce(staff.shifts_without_pay, 0) as integer) as shifts_without_pay,
        cast(coalesce(unpaired.unpaired_punches, 0) as integer) as unpaired_punches,
        cast(coalesce(staff.clocked_hours, 0) as numeric(18, 6)) as clocked_hours,
        cast(coalesce(staff.worked_hours, 0) as numeric(18, 6)) as worked_hours,
        cast(coalesce(staff.paid_hours, 0) as numeric(18, 6)) as paid_hours,
        cast(coalesce(staff.unpaid_hours, 0) as numeric(18, 6)) as unpaid_hours,
        cast(staff.pay_amount as numeric(18, 2)) as pay_amount,
        cast(coalesce(sales.transactions, 0) as integer) as transactions,
        cast(coalesce(sales.net_sales, 0) as numeric(18, 2)) as net_sales,
        cast(
            case when sales.branch_key is null then 0 else sales.net_amount_company end
            as numeric(18, 2)
        ) as net_sales_company,
        cast(coalesce(staff.assigned_net_sales, 0) as numeric(18, 2)) as assigned_net_sales,
        -- People on duty are assigned all sales of their day.
        cast(
            case
                when sales.branch_key is null then 0
                when staff.staff > 0 then sales.net_amount_company
                else 0 * sales.net_amount_company
            end as numeric(38, 6)
        ) as assigned_net_amount_company,
        cast(
            coalesce(sales.net_sales, 0) - coalesce(staff.assigned_net_sales, 0) as numeric(18, 2)
        ) as unassigned_net_sales,
        days.business_date
    from days
    inner join branches on days.branch_key = branches.branch_key
    left join staff
        on
            days.branch_key = staff.branch_key
            and days.business_date = staff.business_date
    left join unpaired
        on
            days.branch_key = unpaired.branch_key
            and days.business_date = unpaired.business_date
    left join sales
        on
            days.branch_key = sales.branch_key
            and days.business_date = sales.business_date

)

select * from final
