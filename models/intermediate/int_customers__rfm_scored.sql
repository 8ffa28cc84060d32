{#
    A night can move a boundary, and with it the scores of any customer, though it moves few. All are
    compared, and only those that differ are written. Kept in place, so that the views upon the table stay
    where they are.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_rescored_customers',
        unique_key=['customer_key', 'currency_code'],
        on_schema_change='fail',
        meta={'tested_by': 'customer'},
        post_hook="{{ advance_high_water_mark(after=['int_customers__rfm_boundaries']) }}",
    )
}}
{%- set touched = touched_customers() %}

with customers as (

    select * from {{ ref('int_customers__valued') }}

),

boundaries as (

    select * from {{ ref('int_customers__rfm_boundaries') }}

),

scores as (

    select 1 as score
    {%- for score in [2, 3, 4, 5] %}
    union all
    select {{ score }} as score
    {%- endfor %}

),

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

customer_segments as (

    select * from {{ ref('customer_segments') }}

),

-- Every combination of scores, so that a customer finds a segment by equality and not by ranges.
segmented_scores as (

    select
        100 * recencies.score + 10 * frequencies.score + monetaries.score as scores,
        rfm_segments.rfm_segment,
        customer_segments.customer_segment
    from scores as recencies
    cross join scores as frequencies
    cross join scores as monetaries
    left join rfm_segments
        on
            recencies.score between rfm_segments.recency_from and rfm_segments.recency_to
            and frequencies.score between rfm_segments.frequency_from and rfm_segments.frequency_to
            and monetaries.score between rfm_segments.monetary_from and rfm_segments.monetary_to
    left join customer_segments
        on
            recencies.score
            between customer_segments.recency_from and customer_segments.recency_to
            and frequencies.score
            between customer_segments.frequency_from and customer_segments.frequency_to
            and monetaries.score
            between customer_segments.monetary_from and customer_segments.monetary_to
    -- All there are. Without it the database expects very many, and sorts all customers.
    order by scores
    limit 125

),

scored as (

    select
        customers.customer_key,
        customers.source_system,
        customers.currency_code,
        1
        {%- for fifths in [1, 2, 3, 4] %}
        + case
            when customers.last_purchase_date >= boundaries.last_purchase_date_{{ fifths }} then 1
            else 0
        end
        {%- endfor %} as recency_score,
        1
        {%- for fifths in [1, 2, 3, 4] %}
        + case when customers.purchases > boundaries.purchases_{{ fifths }} then 1 else 0 end
        {%- endfor %} as frequency_score,
        1
        {%- for fifths in [1, 2, 3, 4] %}
        + case when customers.net_amount > boundaries.net_amount_{{ fifths }} then 1 else 0 end
        {%- endfor %} as monetary_score
    from customers
    inner join boundaries
        on
            customers.source_system = boundaries.source_system
            and customers.currency_code = boundaries.currency_code
    {{ evaluate_once() }}

),

segmented as (

    select
        scored.customer_key,
        scored.source_system,
        scored.currency_code,
        segmented_scores.rfm_segment,
        segmented_scores.customer_segment,
        scored.recency_score,
        scored.frequency_score,
        scored.monetary_score
    from scored
    left join segmented_scores
        on
            100 * scored.recency_score + 10 * scored.frequency_score + scored.monetary_score
            = segmented_scores.scores

){% if is_incremental() %},

stored as (

    select * from {{ this }}

),

final as (

    select segmented.*
    from segmented
    left join stored
        on
            segmented.customer_key = stored.customer_key
            and segmented.currency_code = stored.currency_code
    where
        stored.rfm_segment is distinct from segmented.rfm_segment
        or stored.customer_segment is distinct from segmented.customer_segment
        or stored.recency_score is distinct from segmented.recency_score
        or stored.frequency_score is distinct from segmented.frequency_score
        or stored.monetary_score is distinct from segmented.monetary_score
        or segmented.customer_key in ({{ touched }})

){% else %},

final as (

    select * from segmented

){% endif %}

select * from final
