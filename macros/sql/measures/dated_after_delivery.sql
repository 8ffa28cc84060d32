{#
    Whether a sale is dated in the future of its file's load (`loaded_at`, UTC): more than a day after it, to allow
    for time zones.
#}
{% macro dated_after_delivery(business_date, loaded_at) -%}
    ({{ business_date }} > {{ dbt.dateadd('day', 1, 'cast(' ~ loaded_at ~ ' as date)') }})
{%- endmacro %}
