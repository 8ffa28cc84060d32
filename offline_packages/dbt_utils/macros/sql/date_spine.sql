{#- How many borders of the date part lie between the two dates, as a number known while compiling.
    It is 1 while dbt only parses, when no query is answered. -#}
{% macro get_intervals_between(start_date, end_date, datepart) %}
    {{ return(adapter.dispatch('get_intervals_between', 'dbt_utils')(
        start_date, end_date, datepart
    )) }}
{% endmacro %}

{% macro default__get_intervals_between(start_date, end_date, datepart) %}
    {% call statement('get_intervals_between', fetch_result=true) %}
        select {{ dbt.datediff(start_date, end_date, datepart) }}
    {% endcall %}
    {% set answer = load_result('get_intervals_between') %}
    {% do return(answer['data'][0][0] if answer and answer['data'] else 1) %}
{% endmacro %}


{#- A query of one column, date_<datepart>: start_date and each date part after it, as many as there
    are intervals up to end_date, which is itself left out. -#}
{% macro date_spine(datepart, start_date, end_date) %}
    {{ return(adapter.dispatch('date_spine', 'dbt_utils')(datepart, start_date, end_date)) }}
{% endmacro %}

{% macro default__date_spine(datepart, start_date, end_date) %}
{%- set intervals = dbt_utils.get_intervals_between(start_date, end_date, datepart) %}
with steps as (
    {{ dbt_utils.generate_series(intervals) }}
),

{#- row_number and not generated_number: an interval is added in whole numbers on every engine #}
periods as (
    select ({{ dbt.dateadd(datepart, 'row_number() over (order by 1) - 1', start_date) }})
        as date_{{ datepart }}
    from steps
)

select date_{{ datepart }}
from periods
where date_{{ datepart }} <= {{ end_date }}
{% endmacro %}
