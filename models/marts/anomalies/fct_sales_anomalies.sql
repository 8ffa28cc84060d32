with branch_days as (

    select * from {{ ref('int_branch_days__out_of_range') }}

),

employee_weeks as (

    select * from {{ ref('int_employee_weeks__out_of_range') }}

),

customer_visits as (

    select * from {{ ref('int_customer_visits__out_of_range') }}

),

stock_counts as (

    select * from {{ ref('int_stock_counts__out_of_range') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

employees as (

    select * from {{ ref('dim_employees') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

severities as (

    select
        severity,
        min_score,
        lead(min_score) over (order by min_score) as next_min_score
    from {{ ref('anomaly_severities') }}

),

anomalies as (

    select
        'branch' as subject_kind,
        branch_key as subject_key,
        branch_key,
        cast(null as text) as employee_key,
        cast(null as text) as customer_key,
        cast(null as text) as product_key,
        source_system,
        'day' as period,
        currency_code,
        measure,
        'out_of_range' as kind,
        history_periods,
        expected_value,
        lower_limit,
        upper_limit,
        actual_value,
        robust_score,
        business_date as period_start_date
    from branch_days
    union all
    select
        'employee' as subject_kind,
        employee_key as subject_key,
        branch_key,
        employee_key,
        cast(null as text) as customer_key,
        cast(null as text) as product_key,
        source_system,
        'week' as period,
        currency_code,
        measure,
        'out_of_range' as kind,
        history_periods,
        expected_value,
        lower_limit,
        upper_limit,
        actual_value,
        robust_score,
        week_start_date as period_start_date
    from employee_weeks
    union all
    select
        'customer' as subject_kind,
        customer_key as subject_key,
        branch_key,
        cast(null as text) as employee_key,
        customer_key,
        cast(null as text) as product_key,
        source_system,
        'day' as period,
        currency_code,
        measure,
        kind,
        history_periods,
        expected_value,
        lower_limit,
        upper_limit,
        actual_value,
        robust_score,
        business_date as period_start_date
    from customer_visits
    union all
    select
        'product' as subject_kind,
        product_key as subject_key,
        branch_key,
        cast(null as text) as employee_key,
        cast(null as text) as customer_key,
        product_key,
        source_system,
        'day' as period,
        cast(null as text) as currency_code,
        'counted_stock' as measure,
        'stock_gap' as kind,
        0 as history_periods,
        expected_value,
        lower_limit,
        upper_limit,
        actual_value,
        robust_score,
        business_date as period_start_date
    from stock_counts

),

final as (

    select
        anomalies.subject_kind,
        anomalies.subject_key,
        anomalies.branch_key,
        anomalies.employee_key,
        anomalies.customer_key,
        anomalies.product_key,
        anomalies.source_system,
        branches.branch_name,
        employees.full_name as employee_name,
        products.product_name,
        anomalies.period,
        coalesce(anomalies.currency_code, branches.currency_code) as currency_code,
        anomalies.measure,
        anomalies.kind,
        severities.severity,
        case
            when anomalies.actual_value > anomalies.expected_value then 'above' else 'below'
        end as direction,
        anomalies.history_periods,
        anomalies.expected_value,
        anomalies.lower_limit,
        anomalies.upper_limit,
        anomalies.actual_value,
        {{ ratio(
            '100 * (anomalies.actual_value - anomalies.expected_value)',
            'abs(anomalies.expected_value)',
            1,
        ) }} as change_percent,
        anomalies.robust_score,
        anomalies.kind = 'dormant_account' as is_for_fraud_review,
        anomalies.period_start_date
    from anomalies
    inner join branches on anomalies.branch_key = branches.branch_key
    left join employees on anomalies.employee_key = employees.employee_key
    left join products on anomalies.product_key = products.product_key
    left join severities
        on
            abs(anomalies.robust_score) >= severities.min_score
            and (
                severities.next_min_score is null
                or abs(anomalies.robust_score) < severities.next_min_score
            )

)

select * from final
