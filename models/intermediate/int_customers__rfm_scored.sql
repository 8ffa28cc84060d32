{#
    A view, because a night moves the boundaries, and with them the scores of any customer: a table would
    have to be compared as a whole every night. No CTE here: PostgreSQL looks for a few customers across a
    view only without one, and would score all of them first.
#}
{%- set recency_score -%}
    1
    {%- for fifths in [1, 2, 3, 4] %}
    + case
        when customers.last_purchase_date >= boundaries.last_purchase_date_{{ fifths }} then 1
        else 0
    end
    {%- endfor %}
{%- endset %}
{%- set frequency_score -%}
    1
    {%- for fifths in [1, 2, 3, 4] %}
    + case when customers.purchases > boundaries.purchases_{{ fifths }} then 1 else 0 end
    {%- endfor %}
{%- endset %}
{%- set monetary_score -%}
    1
    {%- for fifths in [1, 2, 3, 4] %}
    + case when customers.net_amount > boundaries.net_amount_{{ fifths }} then 1 else 0 end
    {%- endfor %}
{%- endset %}

select
    customers.customer_key,
    customers.source_system,
    customers.currency_code,
    segmented_scores.rfm_segment,
    segmented_scores.customer_segment,
    {{ recency_score }} as recency_score,
    {{ frequency_score }} as frequency_score,
    {{ monetary_score }} as monetary_score
from {{ ref('int_customers__valued') }} as customers
inner join {{ ref('int_customers__rfm_boundaries') }} as boundaries
    on
        customers.source_system = boundaries.source_system
        and customers.currency_code = boundaries.currency_code
left join {{ ref('int_rfm_scores__segmented') }} as segmented_scores
    on
        100 * ({{ recency_score }})
        + 10 * ({{ frequency_score }})
        + {{ monetary_score }}
        = segmented_scores.scores
