{# For a lateral join: one row per day from one date to another, as column `date_day`; none where the second is earlier. #}
{% macro days_from_to(first_date, last_date, alias) -%}
    {{ return(adapter.dispatch('days_from_to', 'branchline')(first_date, last_date, alias)) }}
{%- endmacro %}

{% macro postgres__days_from_to(first_date, last_date, alias) -%}
    (
        select cast(series.day_begins as date) as date_day
        from generate_series(
            cast({{ first_date }} as timestamp), cast({{ last_date }} as timestamp), interval '1 day'
        ) as series (day_begins)
    ) as {{ alias }}
{%- endmacro %}
