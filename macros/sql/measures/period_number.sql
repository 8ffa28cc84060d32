{#
    The number of a date's day, week or month (`kind`). Periods of a kind have consecutive numbers, so that a window
    frame handles gaps.
#}
{% macro period_number(kind, date) -%}
    {%- set days = dbt.datediff("cast('1970-01-05' as date)", date, 'day') -%}
    {%- if kind == 'day' -%}
        {{ days }}
    {%- elif kind == 'week' -%}
        cast(floor({{ days }} / 7.0) as integer)
    {%- else -%}
        cast(12 * extract(year from {{ date }}) + extract(month from {{ date }}) as integer)
    {%- endif -%}
{%- endmacro %}
