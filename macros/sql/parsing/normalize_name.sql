{#
    A name as two people would agree to write it: plain signs and apostrophes, lower case, single spaces, none
    around. Runs of spaces shrink by marking all but the first (chr(1) is in no name), without a pattern.
    `is_plain`: the text is `cleaned` already, which spares to work it out several times.
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
