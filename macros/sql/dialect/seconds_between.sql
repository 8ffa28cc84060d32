{# Seconds from one timestamp with time zone to another: real time, also where a clock was changed in between. #}
{% macro seconds_between(first_time, last_time) -%}
    {{ return(adapter.dispatch('seconds_between', 'branchline')(first_time, last_time)) }}
{%- endmacro %}

{% macro postgres__seconds_between(first_time, last_time) -%}
    extract(epoch from {{ last_time }} - {{ first_time }})
{%- endmacro %}


{# Seconds since 1970 of a timestamp with time zone: the same number in any session, as its text is not. #}
{% macro seconds_since_epoch(moment) -%}
    {{ return(adapter.dispatch('seconds_since_epoch', 'branchline')(moment)) }}
{%- endmacro %}

{% macro postgres__seconds_since_epoch(moment) -%}
    extract(epoch from {{ moment }})
{%- endmacro %}
