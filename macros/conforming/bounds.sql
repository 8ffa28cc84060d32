{#
    A number of a line, or null where it is beyond what any line can mean: more than a thousand million units, or as
    much money. The macros that parse numbers read no more digits either; this is for what a source works out of
    them (quantity times price), so that neither its type nor a sum overflows. Such a line is rejected like one whose
    number cannot be read.
#}
{% macro within_bounds(number) -%}
    case when abs({{ number }}) <= 1000000000 then {{ number }} end
{%- endmacro %}
