{# The weekday of a date: 1 is Monday, 7 is Sunday. #}
{% macro weekday_number(date) -%}
    cast(extract(isodow from {{ date }}) as integer)
{%- endmacro %}
