-- Every combination of scores is in exactly one row of each list of segments.
with scores as (

    select 1 as score
    {%- for score in [2, 3, 4, 5] %}
    union all
    select {{ score }} as score
    {%- endfor %}

),

combinations as (

    select
        recencies.score as recency_score,
        frequencies.score as frequency_score,
        monetaries.score as monetary_score
    from scores as recencies
    cross join scores as frequencies
    cross join scores as monetaries

),

segments as (

    select
        'rfm_segments' as list_name,
        recency_from,
        recency_to,
        frequency_from,
        frequency_to,
        monetary_from,
        monetary_to
    from {{ ref('rfm_segments') }}
    union all
    select
        'customer_segments' as list_name,
        recency_from,
        recency_to,
        frequency_from,
        frequency_to,
        monetary_from,
        monetary_to
    from {{ ref('customer_segments') }}

),

lists as (

    select 'rfm_segments' as list_name
    union all
    select 'customer_segments' as list_name

)

select
    lists.list_name,
    combinations.recency_score,
    combinations.frequency_score,
    combinations.monetary_score,
    count(segments.list_name) as segments_found
from combinations
cross join lists
left join segments
    on
        lists.list_name = segments.list_name
        and combinations.recency_score between segments.recency_from and segments.recency_to
        and combinations.frequency_score between segments.frequency_from and segments.frequency_to
        and combinations.monetary_score between segments.monetary_from and segments.monetary_to
group by
    lists.list_name,
    combinations.recency_score,
    combinations.frequency_score,
    combinations.monetary_score
having count(segments.list_name) <> 1
