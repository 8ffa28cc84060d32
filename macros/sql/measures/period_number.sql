{#
    The number of the day, week or month (`kind`) that a date is in. Periods of a kind are numbered through,
    so that a window can tell a period without rows from the one before it.
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
