{%- set weeks = var('workforce_staffing_weeks') %}

with staffed_hours as (

    select * from {{ ref('fct_staffed_hours') }}

),

weekdays as (

    select distinct
        weekday_number,
        weekday_name
    from {{ ref('dim_dates') }}

),

last_days as (

    select
        branch_key,
        max(business_date) as last_business_date
    from staffed_hours
    group by branch_key

),

recent as (

    select staffed_hours.*
    from staffed_hours
    inner join last_days on staffed_hours.branch_key = last_days.branch_key
    where
        staffed_hours.business_date
        > cast({{ dbt.dateadd('day', -7 * weeks, 'last_days.last_business_date') }} as date)

),

-- A day of the weekday on which nobody was on duty is no day of the average.
weekday_days as (

    select
        branch_key,
        weekday_number,
        count(distinct business_date) as days
    from recent
    group by branch_key, weekday_number

),

-- All hours of the week together: the branch's own pace.
branches as (

    select
        branch_key,
        sum(staff_hours) as branch_staff_hours,
        cast(sum(transactions) as numeric) as branch_transactions
    from recent
    group by branch_key

),

hours as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        weekday_number,
        hour_of_day,
        sum(staff_hours) as staff_hours,
        cast(sum(transactions) as numeric) as transactions,
        sum(net_sales) as net_sales,
        {{ company_sum() }} as net_amount_company
    from recent
    group by
        branch_key,
        source_system,
        branch_name,
        currency_code,
        weekday_number,
        hour_of_day

),

-- What the hour's receipts would come to at the branch's pace, compared with what they were.
measured as (

    select
        hours.*,
        weekday_days.days,
        branches.branch_staff_hours,
        branches.branch_transactions,
        100 * hours.transactions * branches.branch_staff_hours as percent_of_pace,
        hours.staff_hours * branches.branch_transactions as pace
    from hours
    inner join weekday_days
        on
            hours.branch_key = weekday_days.branch_key
            and hours.weekday_number = weekday_days.weekday_number
    inner join branches on hours.branch_key = branches.branch_key

),

final as (

    select
        measured.branch_key,
        measured.source_system,
        measured.branch_name,
        measured.currency_code,
        weekdays.weekday_name,
        case
            when measured.days < {{ var('workforce_staffing_min_days') }} then 'few_days'
            when measured.branch_transactions = 0 then 'no_receipts'
            when measured.staff_hours = 0 then 'nobody'
            when
                measured.transactions > 0
                and measured.percent_of_pace >= {{ var('workforce_busy_percent') }} * measured.pace
                then 'too_few'
            -- One person cannot become fewer.
            when
                measured.staff_hours > measured.days
                and measured.percent_of_pace <= {{ var('workforce_quiet_percent') }} * measured.pace
                then 'too_many'
            else 'right'
        end as verdict,
        measured.weekday_number,
        measured.hour_of_day,
        cast(measured.days as integer) as days,
        cast(round(measured.staff_hours, 2) as numeric(18, 2)) as staff_hours,
        cast(measured.transactions as integer) as transactions,
        cast(measured.net_sales as numeric(18, 2)) as net_sales,
        cast(measured.net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(round(measured.staff_hours / measured.days, 2) as numeric(18, 2)) as average_staff,
        {{ ratio(
            'measured.transactions * measured.branch_staff_hours',
            'measured.branch_transactions * measured.days'
        ) }} as staff_at_branch_pace,
        cast(round(measured.transactions / measured.days, 2) as numeric(18, 2))
            as average_transactions,
        cast(round(measured.net_sales / measured.days, 2) as numeric(18, 2)) as average_net_sales,
        {{ ratio('measured.transactions', 'measured.staff_hours') }} as transactions_per_staff_hour,
        {{ ratio('measured.branch_transactions', 'measured.branch_staff_hours') }}
            as branch_transactions_per_staff_hour,
        {{ ratio('measured.net_sales', 'measured.staff_hours') }} as net_sales_per_staff_hour
    from measured
    inner join weekdays on measured.weekday_number = weekdays.weekday_number

)

select * from final
