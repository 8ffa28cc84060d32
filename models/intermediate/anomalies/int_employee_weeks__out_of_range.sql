with employee_days as (

    select * from {{ ref('int_employee_days__measured') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

weeks as (

    select
        employee_key,
        branch_key,
        source_system,
        currency_code,
        sum(receipts) as receipts,
        sum(refunds) as refunds,
        sum(items_sold) as items_sold,
        sum(net_amount) as net_amount,
        sum(squared_items) as squared_items,
        sum(squared_amounts) as squared_amounts,
        cast({{ dbt.date_trunc('week', 'business_date') }} as date) as week_start_date
    from employee_days
    group by
        employee_key,
        branch_key,
        source_system,
        currency_code,
        cast({{ dbt.date_trunc('week', 'business_date') }} as date)

),

-- Only complete weeks: a week that has just begun looks like a collapse.
measures as (

    select
        weeks.employee_key,
        weeks.branch_key,
        weeks.source_system,
        weeks.currency_code,
        {{ trade_measure_columns('weeks') }},
        weeks.week_start_date
    from weeks
    inner join sources on weeks.source_system = sources.source_system
    where
        cast({{ dbt.dateadd('day', 6, 'weeks.week_start_date') }} as date) <= sources.as_of_date

),

judged as (

    select
        *,
        {{ past_measure_columns('weeks_before') }}
    from measures
    window
        weeks_before as (
            partition by employee_key, branch_key, currency_code
            order by week_start_date
            range between interval '{{ 7 * var("anomaly_weeks") }} days' preceding
            and interval '1 day' preceding
        )

),

{{ robust_ranges(
    columns=['employee_key', 'branch_key', 'source_system', 'currency_code', 'week_start_date'],
    min_mad_percent=var('anomaly_min_mad_percent'),
    min_change_percent=var('anomaly_min_employee_change_percent'),
) }},

final as (

    select
        employee_key,
        branch_key,
        source_system,
        currency_code,
        measure,
        history_periods,
        expected_value,
        lower_limit,
        upper_limit,
        actual_value,
        robust_score,
        week_start_date
    from scored
    where is_out_of_range

)

select * from final
