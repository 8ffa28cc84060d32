{# The timestamp with time zone of `local_time` in `time_zone` (an IANA name). #}
{% macro local_to_utc(local_time, time_zone) -%}
    {{ return(adapter.dispatch('local_to_utc', 'branchline')(local_time, time_zone)) }}
{%- endmacro %}

{% macro postgres__local_to_utc(local_time, time_zone) -%}
    {{ local_time }} at time zone {{ time_zone }}
{%- endmacro %}
