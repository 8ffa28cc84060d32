{#
    Whether a sale is of a later day than its file could tell of: more than a day after it was loaded
    (`loaded_at`, UTC), because somewhere it is tomorrow already.
#}
{% macro dated_after_delivery(business_date, loaded_at) -%}
    ({{ business_date }} > {{ dbt.dateadd('day', 1, 'cast(' ~ loaded_at ~ ' as date)') }})
{%- endmacro %}
