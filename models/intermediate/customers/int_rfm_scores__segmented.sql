{# The table is updated, not replaced, so that views on it are not dropped. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key='scores',
        on_schema_change='fail',
    )
}}

with scores as (

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

final as (

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

)

select * from final
