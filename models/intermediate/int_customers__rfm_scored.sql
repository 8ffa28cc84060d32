{#
    A view, because a night moves the boundaries, and with them the scores of any customer: a table would
    have to be compared as a whole every night.
#}
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

),

final as (

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

)

select * from final
