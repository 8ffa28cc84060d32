with employee_days as (

    select * from {{ ref('fct_employee_days') }}
    where worked_hours > 0

),

employees as (

    select * from {{ ref('dim_employees') }}

),

-- Calendar days, whether or not the person worked on each of them.
compared as (

    select
        *,
        sum(shifts) over week_before as shifts_last_seven_days,
        sum(worked_hours) over week_before as worked_hours_last_seven_days,
        sum(net_sales) over week_before as net_sales_last_seven_days,
        rank() over (partition by branch_key, business_date order by net_sales desc) as sales_rank
    from employee_days
    window
        week_before as (
            partition by employee_key, branch_key
            order by business_date
            range between interval '7 days' preceding and interval '1 day' preceding
        )

),

rated as (

    select
        *,
        {{ ratio('net_sales', 'worked_hours') }} as net_sales_per_hour,
        {{ ratio('net_sales', 'cast(shifts as numeric)') }} as net_sales_per_shift,
        {{ ratio('net_sales_last_seven_days', 'worked_hours_last_seven_days') }}
            as net_sales_per_hour_last_seven_days
    from compared
    {{ evaluate_once() }}

),

formed as (

    select
        *,
        {{ change_percent('net_sales_per_hour', 'net_sales_per_hour_last_seven_days') }}
            as form_percent
    from rated
    {{ evaluate_once() }}

),

final as (

    select
        formed.employee_key,
        formed.branch_key,
        formed.source_system,
        formed.employee_id,
        employees.full_name,
        formed.branch_name,
        formed.currency_code,
        case
            when formed.form_percent >= {{ var('workforce_form_percent') }} then 'better'
            when formed.form_percent <= -{{ var('workforce_form_percent') }} then 'worse'
            when formed.form_percent is not null then 'usual'
        end as form,
        formed.shifts,
        cast(round(formed.worked_hours, 2) as numeric(18, 2)) as worked_hours,
        formed.net_sales,
        cast(formed.net_amount_company as numeric(18, 2)) as net_sales_company,
        formed.net_sales_per_hour,
        formed.net_sales_per_shift,
        cast(formed.sales_rank as integer) as sales_rank,
        cast(formed.shifts_last_seven_days as integer) as shifts_last_seven_days,
        cast(round(formed.worked_hours_last_seven_days, 2) as numeric(18, 2))
            as worked_hours_last_seven_days,
        cast(formed.net_sales_last_seven_days as numeric(18, 2)) as net_sales_last_seven_days,
        formed.net_sales_per_hour_last_seven_days,
        formed.form_percent,
        formed.business_date
    from formed
    left join employees on formed.employee_key = employees.employee_key

)

select * from final
