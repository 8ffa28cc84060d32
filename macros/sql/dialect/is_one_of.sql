{#
    The condition that a column has one of the values of a query that gives few. In a view of several joins
    PostgreSQL expects to find most rows with `in`, and reads the whole of every table; with an array it looks
    the values up.
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
