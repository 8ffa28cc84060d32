{# Days in the calendar of a country (docs/calendar.md), by `weekday_of_week` and `is_weekend` of dim_country_weekdays. #}

{# The first day of the week of a date. #}
{% macro country_week_start(date, weekday_of_week) -%}
    cast({{ dbt.dateadd('day', '1 - ' ~ weekday_of_week, date) }} as date)
{%- endmacro %}


{# Working day, weekend or holiday; a holiday on a weekend is a holiday. #}
{% macro day_kind(is_holiday, is_weekend) -%}
    case
        when {{ is_holiday }} then 'holiday'
        when {{ is_weekend }} then 'weekend'
        else 'working_day'
    end
{%- endmacro %}
