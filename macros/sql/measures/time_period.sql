{#
    The part of the day on the branch's clock. Arguments are SQL expressions; `stated` is the part of the day that the
    source states, which takes precedence if it is one that there is. Null where it is none and the time of day is not
    known.

    The variable `time_periods` says at which hour each part begins; the last one lasts until the first one of the
    next day.
#}
{% macro time_period(
    stated='time_period', sold_at_local='sold_at_local', is_time_known='is_time_known'
) -%}
    {%- set periods = var('time_periods') | dictsort(by='value', reverse=true) -%}
    case
        when {{ stated }} in ('{{ periods | map('first') | join("', '") }}') then {{ stated }}
        when {{ is_time_known }} is not true then null
        {%- for name, hour in periods %}
        when cast({{ sold_at_local }} as time) >= cast('{{ hour }}:00' as time) then '{{ name }}'
        {%- endfor %}
        else '{{ periods[0][0] }}'
    end
{%- endmacro %}


{# The time of day on the branch's clock; null where it is not known. #}
{% macro clock_time(sold_at_local='sold_at_local', is_time_known='is_time_known') -%}
    case when {{ is_time_known }} then cast({{ sold_at_local }} as time) end
{%- endmacro %}
