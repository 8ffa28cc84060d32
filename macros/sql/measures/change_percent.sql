{# Change on a former value in percent; null where that was not above zero, or is not known. #}
{% macro change_percent(now, before, digits=1) -%}
    {{ ratio('100 * (' ~ now ~ ' - ' ~ before ~ ')', 'greatest(' ~ before ~ ', 0)', digits) }}
{%- endmacro %}
