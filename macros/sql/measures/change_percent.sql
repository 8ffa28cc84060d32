{# Change against a former value in percent; null where the former value is not above zero, or null. #}
{% macro change_percent(now, before, digits=1) -%}
    {{ ratio('100 * (' ~ now ~ ' - ' ~ before ~ ')', 'greatest(' ~ before ~ ', 0)', digits) }}
{%- endmacro %}
