{#
    A name normalized for comparison: plain characters and apostrophes, lower case, single spaces, trimmed. Runs of
    spaces are collapsed by marking all but the first (chr(1) is in no name), without a pattern. `is_plain`: the text
    is already `cleaned`.
#}
{% macro normalize_name(text, is_plain=false) -%}
    lower(trim(replace(
        replace(replace(
            replace(replace({{ text if is_plain else plain_text(text) }}, '’', ''''), '_', ' '),
            ' ',
            ' ' || chr(1)
        ), chr(1) || ' ', ''),
        chr(1),
        ''
    )))
{%- endmacro %}
