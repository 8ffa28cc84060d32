{#
    A view, because a night moves the boundaries, and with them the scores of any customer: a table would
    have to be compared as a whole every night. Each CTE is used once, because only then the database looks
    for the customers that a reader asks for, and does not score all of them first.
#}
with customers as (

    select * from {{ ref('int_customers__valued') }}

),

boundaries as (

    select * from {{ ref('int_customers__rfm_boundaries') }}

),

segmented_scores as (

    select * from {{ ref('int_rfm_scores__segmented') }}

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
