{#
    A name as two people would agree to write it: lower case, single spaces, none around.
    Runs of spaces shrink by marking all but the first (chr(1) is in no name), without a pattern.
#}
{% macro normalize_name(text) -%}
    lower(trim(replace(
        replace(replace(replace({{ text }}, '_', ' '), ' ', ' ' || chr(1)), chr(1) || ' ', ''),
        chr(1),
        ''
    )))
{%- endmacro %}
