{{ config(materialized='view') }}

with anomalies as (

    select * from {{ ref('fct_sales_anomalies') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

last_weeks as (

    select anomalies.*
    from anomalies
    inner join sources
        on
            anomalies.source_system = sources.source_system
            and anomalies.period_start_date
            > cast({{ dbt.dateadd('day', -28, 'sources.as_of_date') }} as date)
            and anomalies.period_start_date <= sources.as_of_date

),

-- Two products at most: an inventory may count hundreds, which would hide everything else.
placed_in_kind as (

    select
        *,
        row_number() over (
            partition by subject_kind
            order by abs(robust_score) desc, period_start_date desc, subject_key asc, branch_key asc
        ) as place_in_kind
    from last_weeks

),

ranked as (

    select
        *,
        row_number() over (
            order by
                is_for_fraud_review desc,
                abs(robust_score) desc,
                period_start_date desc,
                subject_key asc,
                measure asc,
                branch_key asc,
                currency_code asc,
                subject_kind asc
        ) as position
    from placed_in_kind
    where subject_kind <> 'product' or place_in_kind <= 2

),

-- Customers are shown by branch.
final as (

    select
        cast(position as integer) as position,
        branch_key,
        source_system,
        case subject_kind
            when 'branch' then branch_name
            when 'employee' then coalesce(employee_name, 'a sales person') || ', ' || branch_name
            when 'product' then coalesce(product_name, 'a product') || ', ' || branch_name
            else 'a customer, ' || branch_name
        end as subject,
        period || ' ' || cast(period_start_date as text) as period,
        case
            when is_for_fraud_review then 'account woke up'
            else replace(measure, '_', ' ')
        end as what_is_odd,
        severity,
        cast(expected_value as numeric(18, 2)) as expected_value,
        cast(actual_value as numeric(18, 2)) as actual_value
    from ranked
    where position <= 5

)

select * from final
