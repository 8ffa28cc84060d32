-- For every branch the hours of the day and the months of its people add up to its shifts: hours as
-- exactly as they are rounded, pay to the penny; sales in the company's currency, which months
-- round, to half a penny for each of them.
with shifts as (

    select
        branch_key,
        count(*) as shifts,
        sum(worked_hours) as worked_hours,
        sum(paid_hours) as paid_hours,
        sum(pay_amount) as pay_amount
    from {{ ref('fct_employee_shifts') }}
    group by branch_key

),

staffed_hours as (

    select
        branch_key,
        count(*) as hours,
        sum(staff_hours) as staff_hours
    from {{ ref('fct_staffed_hours') }}
    group by branch_key

),

months as (

    select
        branch_key,
        count(*) as months,
        sum(paid_hours) as paid_hours,
        sum(pay_amount) as pay_amount,
        sum(net_sales) as net_sales,
        sum(net_sales_company) as net_sales_company
    from {{ ref('rpt_employee_hours') }}
    group by branch_key

),

staffed_days as (

    select
        branch_key,
        sum(assigned_net_sales) as assigned_net_sales,
        sum(assigned_net_amount_company) as assigned_net_amount_company
    from {{ ref('fct_staffed_days') }}
    group by branch_key

)

select shifts.branch_key
from shifts
left join staffed_hours on shifts.branch_key = staffed_hours.branch_key
left join months on shifts.branch_key = months.branch_key
left join staffed_days on shifts.branch_key = staffed_days.branch_key
where
    months.branch_key is null
    or staffed_days.branch_key is null
    or months.pay_amount is distinct from shifts.pay_amount
    or months.net_sales <> staffed_days.assigned_net_sales
    or abs(months.net_sales_company - staffed_days.assigned_net_amount_company)
    > 0.005 * months.months
    or abs(months.paid_hours - shifts.paid_hours) > 0.005 * months.months
    or abs(coalesce(staffed_hours.staff_hours, 0) - shifts.worked_hours)
    > 0.0000005 * (shifts.shifts + coalesce(staffed_hours.hours, 0))
