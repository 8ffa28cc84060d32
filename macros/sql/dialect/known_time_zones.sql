{# A query of the names of all time zones that the database knows. #}
{% macro known_time_zones() -%}
    {{ return(adapter.dispatch('known_time_zones', 'branchline')()) }}
{%- endmacro %}

{% macro postgres__known_time_zones() -%}
    select name from pg_timezone_names
{%- endmacro %}
