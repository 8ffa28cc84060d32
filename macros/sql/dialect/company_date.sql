{# The company's calendar day of a time in UTC (a timestamp without time zone). #}
{% macro company_date(utc_timestamp) -%}
    {{ return(adapter.dispatch('company_date', 'branchline')(utc_timestamp)) }}
{%- endmacro %}

{% macro postgres__company_date(utc_timestamp) -%}
    cast(
        {{ utc_timestamp }} at time zone 'UTC' at time zone '{{ var("company_time_zone") }}' as date
    )
{%- endmacro %}
