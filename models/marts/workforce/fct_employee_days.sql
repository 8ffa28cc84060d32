with shifts as (

    select * from {{ ref('fct_employee_shifts') }}

),

daily_sales as (

    select * from {{ ref('rpt_daily_sales') }}

),

days as (

    select
        employee_key,
        branch_key,
        source_system,
        employee_id,
        branch_name,
        currency_code,
        count(*) as shifts,
        sum(case when is_manual then 1 else 0 end) as manual_shifts,
        sum(case when is_over_midnight then 1 else 0 end) as shifts_over_midnight,
        sum(case when pay_amount is null then 1 else 0 end) as shifts_without_pay,
        sum(manual_punches) as manual_punches,
        sum(clocked_hours) as clocked_hours,
        sum(worked_hours) as worked_hours,
        sum(hours_tier_1) as hours_tier_1,
        sum(hours_tier_2) as hours_tier_2,
        sum(hours_tier_3) as hours_tier_3,
        sum(paid_hours) as paid_hours,
        sum(unpaid_hours) as unpaid_hours,
        sum(pay_amount) as pay_amount,
        business_date
    from shifts
    group by
        employee_key,
        branch_key,
        source_system,
        employee_id,
        branch_name,
        currency_code,
        business_date

),

-- The hours of the day's people up to each of them, in a fixed order.
cumulated as (

    select
        days.*,
        daily_sales.net_sales as branch_net_sales,
        case
            when daily_sales.branch_key is null then 0 else daily_sales.net_amount_company
        end as branch_net_amount_company,
        sum(days.worked_hours) over (
            partition by days.branch_key, days.business_date
        ) as branch_hours,
        sum(days.worked_hours) over (
            partition by days.branch_key, days.business_date
            order by days.employee_key
            rows between unbounded preceding and current row
        ) as hours_so_far
    from days
    left join daily_sales
        on
            days.branch_key = daily_sales.branch_key
            and days.business_date = daily_sales.business_date

),

-- The shares add up to the day; each is within a penny of its exact value, or a millionth in the
-- company's currency.
shared as (

    select
        *,
        {{ share_by_hours('branch_net_sales', 2) }} as net_sales,
        {{ share_by_hours('branch_net_amount_company', 6) }} as net_amount_company
    from cumulated
    {{ evaluate_once() }}

),

final as (

    select
        employee_key,
        branch_key,
        source_system,
        employee_id,
        branch_name,
        currency_code,
        cast(shifts as integer) as shifts,
        cast(manual_shifts as integer) as manual_shifts,
        cast(shifts_over_midnight as integer) as shifts_over_midnight,
        cast(shifts_without_pay as integer) as shifts_without_pay,
        cast(manual_punches as integer) as manual_punches,
        cast(clocked_hours as numeric(18, 6)) as clocked_hours,
        cast(worked_hours as numeric(18, 6)) as worked_hours,
        cast(hours_tier_1 as numeric(18, 6)) as hours_tier_1,
        cast(hours_tier_2 as numeric(18, 6)) as hours_tier_2,
        cast(hours_tier_3 as numeric(18, 6)) as hours_tier_3,
        cast(paid_hours as numeric(18, 6)) as paid_hours,
        cast(unpaid_hours as numeric(18, 6)) as unpaid_hours,
        cast(pay_amount as numeric(18, 2)) as pay_amount,
        cast(coalesce(net_sales, 0) as numeric(18, 2)) as net_sales,
        cast(
            coalesce(net_amount_company, 0 * branch_net_amount_company) as numeric(38, 6)
        ) as net_amount_company,
        business_date
    from shared

)

select * from final
