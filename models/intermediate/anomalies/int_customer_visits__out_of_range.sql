{#
    Incremental by customer: a changed receipt changes the baseline of all the customer's later visits. Reads only the
    receipts of changed customers who ever made a large visit.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='customer_key',
        on_schema_change='fail',
        meta={
            'touched_by': 'customer',
            'settings': {
                'anomaly_customer_visits': var('anomaly_customer_visits'),
                'anomaly_min_visit_amount': var('anomaly_min_visit_amount'),
                'anomaly_min_visit_receipts': var('anomaly_min_visit_receipts'),
                'anomaly_min_periods': var('anomaly_min_periods'),
                'anomaly_min_score': var('anomaly_min_score'),
                'anomaly_min_customer_mad_percent': var('anomaly_min_customer_mad_percent'),
                'anomaly_min_refund_mad': var('anomaly_min_refund_mad'),
                'anomaly_min_refund_change': var('anomaly_min_refund_change'),
                'anomaly_min_receipts': var('anomaly_min_receipts'),
                'anomaly_few_receipts_times': var('anomaly_few_receipts_times'),
                'anomaly_min_receipts_change': var('anomaly_min_receipts_change'),
                'anomaly_min_customer_change_percent': var('anomaly_min_customer_change_percent'),
                'anomaly_dormant_days': var('anomaly_dormant_days'),
                'anomaly_dormant_gaps': var('anomaly_dormant_gaps'),
                'anomaly_dormant_visits': var('anomaly_dormant_visits'),
                'anomaly_dormant_times': var('anomaly_dormant_times'),
            },
        },
    )
}}
{%- set touched = touched('customer') %}

with large_visits as (

    select * from {{ ref('int_customer_visits__large') }}
    {% if is_incremental() -%}
    where customer_key in ({{ touched }})
    {%- endif %}

),

customers as (

    select distinct customer_key from large_visits

),

transactions as (

    {% if is_incremental() -%}
    {{ look_up(
        ref('int_transactions__unioned'),
        'select * from customers',
        'found.customer_key = wanted.customer_key'
    ) }}
    {%- else -%}
    select unioned.*
    from {{ ref('int_transactions__unioned') }} as unioned
    inner join customers on unioned.customer_key = customers.customer_key
    {%- endif %}

),

visits as (

    select
        transactions.customer_key,
        transactions.branch_key,
        transactions.source_system,
        transactions.currency_code,
        count(*) as receipts,
        sum(case when transactions.net_amount < 0 then 1 else 0 end) as refunds,
        sum(transactions.items_sold) as items_sold,
        sum(transactions.net_amount) as net_amount,
        cast(sum(1.0 * transactions.items_sold * transactions.items_sold) as numeric(38, 4))
            as squared_items,
        cast(sum(transactions.net_amount * transactions.net_amount) as numeric(38, 4))
            as squared_amounts,
        sum(abs(transactions.net_amount)) >= {{ var('anomaly_min_visit_amount') }}
        or count(*) >= {{ var('anomaly_min_visit_receipts') }} as is_large,
        transactions.business_date
    from transactions
    where transactions.is_sale
    group by
        transactions.customer_key,
        transactions.branch_key,
        transactions.source_system,
        transactions.currency_code,
        transactions.business_date

),

measures as (

    select
        visits.customer_key,
        visits.branch_key,
        visits.source_system,
        visits.currency_code,
        {{ trade_measure_columns('visits') }},
        visits.is_large,
        visits.business_date
    from visits

),

-- In any branch. Several visits on one day are ordered by branch key.
with_past as (

    select
        *,
        count(*) over days_before as visits_on_days_before,
        max(sales) over days_before as largest_before,
        {{ past_measure_columns('visits_before') }},
        max(business_date) over days_before as date_before,
        min(business_date) over days_before as first_date
    from measures
    window
        -- A dormant account may start with a small purchase in another branch on the same day.
        days_before as (
            partition by customer_key, currency_code
            order by business_date
            range between unbounded preceding and interval '1 day' preceding
        ),
        visits_before as (
            partition by customer_key, currency_code
            order by business_date, branch_key
            rows between {{ var('anomaly_customer_visits') }} preceding and 1 preceding
        )

),

judged as (

    select * from with_past
    where is_large

),

{{ robust_ranges(
    columns=[
        'customer_key',
        'branch_key',
        'source_system',
        'currency_code',
        'visits_on_days_before',
        'largest_before',
        'business_date',
        'date_before',
        'first_date',
    ],
    min_mad_percent=var('anomaly_min_customer_mad_percent'),
    min_change_percent=var('anomaly_min_customer_change_percent'),
    min_periods=[var('anomaly_min_periods'), var('anomaly_dormant_visits')] | min,
    min_refunds=0,
) }},

silences as (

    select
        *,
        {{ days_between('date_before', 'business_date') }} as days_silent,
        {{ days_between('first_date', 'date_before') }} as days_known
    from scored

),

-- Silent for long, and for several times the customer's usual gap; then far more money than ever
-- before.
awakened as (

    select
        *,
        measure = 'sales'
        and visits_on_days_before >= {{ var('anomaly_dormant_visits') }}
        and largest_before > 0
        and actual_value > {{ var('anomaly_dormant_times') }} * largest_before
        and days_silent >= {{ var('anomaly_dormant_days') }}
        -- n earlier visits have n - 1 gaps between them.
        and days_silent * (visits_on_days_before - 1)
        >= {{ var('anomaly_dormant_gaps') }} * days_known as is_awakened
    from silences

),

final as (

    select
        customer_key,
        branch_key,
        source_system,
        currency_code,
        measure,
        case when is_awakened then 'dormant_account' else 'out_of_range' end as kind,
        history_periods,
        expected_value,
        case when not is_awakened then lower_limit end as lower_limit,
        cast(
            case
                when is_awakened then {{ var('anomaly_dormant_times') }} * largest_before
                else upper_limit
            end as numeric(38, 4)
        ) as upper_limit,
        actual_value,
        robust_score,
        business_date
    from awakened
    where is_out_of_range or is_awakened

)

select * from final
