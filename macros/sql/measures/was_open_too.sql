{#
    The counterpart of a day, `number` units (day, month, year) after it. Some days have none: 29 February in a common
    year, the 31st in a month of thirty days.
#}
{% macro like_day(date, unit, number) -%}
    {%- set moved = dbt.dateadd(unit, number, date) -%}
    {%- if unit == 'day' -%}
        cast({{ moved }} as date)
    {%- else -%}
        case when extract(day from {{ moved }}) = extract(day from {{ date }}) then cast({{ moved }} as date) end
    {%- endif -%}
{%- endmacro %}


{#
    Condition that a day counts in a like-for-like comparison: it lies between the first and the last day of the
    branch (`first_date`, `last_date`), and so does its counterpart. Null where it has none.
#}
{% macro was_open_too(date, like_day, first_date, last_date) -%}
    (
        {{ date }} between {{ first_date }} and {{ last_date }}
        and {{ like_day }} between {{ first_date }} and {{ last_date }}
    )
{%- endmacro %}
