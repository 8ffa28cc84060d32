{#
    Condition that a column has one of the values of a query with few rows. In a view with several joins PostgreSQL
    overestimates `in` and scans every table; with an array it uses the index.
#}
{% macro is_one_of(column, query) -%}
    {{ return(adapter.dispatch('is_one_of', 'branchline')(column, query)) }}
{%- endmacro %}

{% macro default__is_one_of(column, query) -%}
    {{ column }} in ({{ query }})
{%- endmacro %}

{% macro postgres__is_one_of(column, query) -%}
    {{ column }} = any(array({{ query }}))
{%- endmacro %}
