{#
    Condition that a day counts in a like-for-like comparison: it lies between the first and the last day of the
    branch (`first_date`, `last_date`), and so does its counterpart, `number` units (day, month, year) after it. Some
    days have no counterpart: 29 February in a common year, the 31st in a month of thirty days.
#}
{% macro was_open_too(date, unit, number, first_date, last_date) -%}
    {%- set like_day = dbt.dateadd(unit, number, date) -%}
    (
            {{ date }} between {{ first_date }} and {{ last_date }}
            and {{ like_day }} between {{ first_date }} and {{ last_date }}
            {%- if unit != 'day' %}
            and extract(day from {{ like_day }}) = extract(day from {{ date }})
            {%- endif %}
        )
{%- endmacro %}
