{#
    A count is compared with the balance of the records, which is all that is expected of it: it has no past of its own.
    The score is anomaly_min_score at the limit and grows with the gap, so that the severities are those of other
    anomalies.
#}
with counts as (

    select * from {{ ref('int_stock_counts__new') }}

),

costs as (

    select * from {{ ref('int_product_costs__ranges') }}

),

gaps as (

    select
        counts.*,
        counts.counted_quantity - counts.recorded_quantity as gap_quantity,
        trunc(greatest(
            {{ var('anomaly_min_stock_gap_units') }},
            {{ var('anomaly_min_stock_gap_percent') }} * abs(counts.recorded_quantity) / 100.0
        ), 3) as allowed_quantity,
        costs.unit_cost
    from counts
    left join costs
        on
            counts.product_key = costs.product_key
            and {{ valid_on('costs', 'counts.loaded_at') }}

),

-- A gap without a known cost is judged by its units alone.
final as (

    select
        product_key,
        branch_key,
        source_system,
        cast(recorded_quantity as numeric(38, 4)) as expected_value,
        cast(recorded_quantity - allowed_quantity as numeric(38, 4)) as lower_limit,
        cast(recorded_quantity + allowed_quantity as numeric(38, 4)) as upper_limit,
        cast(counted_quantity as numeric(38, 4)) as actual_value,
        cast(
            {{ var('anomaly_min_score') }} * gap_quantity / greatest(allowed_quantity, 0.001)
            as numeric(38, 4)
        ) as robust_score,
        business_date
    from gaps
    where
        abs(gap_quantity) > allowed_quantity
        and coalesce(abs(gap_quantity) * unit_cost >= {{ var('anomaly_min_stock_gap_cost') }}, true)

)

select * from final
