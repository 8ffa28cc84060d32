{#
    Incremental by branch and business date: each day is compared with twelve others. A changed day also changes the
    ranges of the same weekday in the weeks after it.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        on_schema_change='fail',
        meta={
            'touched_by': 'judged_branch_day',
            'settings': {
                'anomaly_weeks': var('anomaly_weeks'),
                'anomaly_min_periods': var('anomaly_min_periods'),
                'anomaly_min_score': var('anomaly_min_score'),
                'anomaly_min_mad_percent': var('anomaly_min_mad_percent'),
                'anomaly_min_refund_mad': var('anomaly_min_refund_mad'),
                'anomaly_min_refund_change': var('anomaly_min_refund_change'),
                'anomaly_min_receipts': var('anomaly_min_receipts'),
                'anomaly_few_receipts_times': var('anomaly_few_receipts_times'),
                'anomaly_min_receipts_change': var('anomaly_min_receipts_change'),
                'anomaly_min_branch_change_percent': var('anomaly_min_branch_change_percent'),
            },
        },
    )
}}
{%- set touched = touched('judged_branch_day') %}

with measured_days as (

    select * from {{ ref('int_branch_days__measured') }}

),

{% if is_incremental() -%}
judged_days as (

    {{ touched }}

),

-- The days to judge and the days of their baselines.
needed_days as (

    {{ and_weeks_around('select * from judged_days', -1) }}

),

days as (

    select measured_days.*
    from measured_days
    inner join needed_days
        on
            measured_days.branch_key = needed_days.branch_key
            and measured_days.business_date = needed_days.business_date

),
{%- else -%}
days as (

    select * from measured_days

),
{%- endif %}

measures as (

    select
        days.branch_key,
        days.source_system,
        days.currency_code,
        {{ trade_measure_columns('days') }},
        days.business_date
    from days

),

-- A day without receipts has no row: the branch was closed, or its file has not arrived. It is
-- neither judged nor part of a baseline.
with_past as (

    select
        *,
        {{ past_measure_columns('same_weekday_before') }}
    from measures
    window
        same_weekday_before as (
            partition by branch_key, currency_code, {{ weekday_number('business_date') }}
            order by business_date
            range between interval '{{ 7 * var("anomaly_weeks") }} days' preceding
            and interval '1 day' preceding
        )

),

judged as (

    select with_past.*
    from with_past
    {% if is_incremental() -%}
    inner join judged_days
        on
            with_past.branch_key = judged_days.branch_key
            and with_past.business_date = judged_days.business_date
    {%- endif %}

),

{{ robust_ranges(
    columns=['branch_key', 'source_system', 'currency_code', 'business_date'],
    min_mad_percent=var('anomaly_min_mad_percent'),
    min_change_percent=var('anomaly_min_branch_change_percent'),
) }},

final as (

    select
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
        business_date
    from scored
    where is_out_of_range

)

select * from final
