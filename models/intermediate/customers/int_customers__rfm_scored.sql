{#
    A view, because every night moves the boundaries, and with them the scores of any customer: a table would be
    rebuilt every night. No CTE here: with one, PostgreSQL does not push filters into the view and would score all
    customers.
#}
{%- set measures = {
    'recency': ('last_purchase_date', '>='),
    'frequency': ('purchases', '>'),
    'monetary': ('net_amount', '>'),
} %}
{%- set scores = {} %}
{%- for name, (column, sign) in measures.items() %}
{%- set passed = [] %}
{%- for fifths in [1, 2, 3, 4] %}
{%- do passed.append(
    'case when customers.' ~ column ~ ' ' ~ sign ~ ' boundaries.' ~ column ~ '_' ~ fifths
    ~ ' then 1 else 0 end'
) %}
{%- endfor %}
{%- do scores.update({name: '1 + ' ~ passed | join(' + ')}) %}
{%- endfor %}

select
    customers.customer_key,
    customers.source_system,
    customers.currency_code,
    segmented_scores.rfm_segment,
    segmented_scores.customer_segment,
    {{ scores.recency }} as recency_score,
    {{ scores.frequency }} as frequency_score,
    {{ scores.monetary }} as monetary_score
from {{ ref('int_customers__valued') }} as customers
inner join {{ ref('int_customers__rfm_boundaries') }} as boundaries
    on
        customers.source_system = boundaries.source_system
        and customers.currency_code = boundaries.currency_code
left join {{ ref('int_rfm_scores__segmented') }} as segmented_scores
    on
        100 * ({{ scores.recency }})
        + 10 * ({{ scores.frequency }})
        + {{ scores.monetary }}
        = segmented_scores.scores
