{#
    A number of a line, or null where it is above a thousand million. The macros that parse numbers have the same
    limit; this is for computed values (quantity times price), so that neither their type nor a sum overflows. Such a
    line is rejected like one with an unreadable number.
#}
{% macro within_bounds(number) -%}
    case when abs({{ number }}) <= 1000000000 then {{ number }} end
{%- endmacro %}
