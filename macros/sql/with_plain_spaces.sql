{#
    A text in which hard spaces (spreadsheets put them around amounts and dates) and line ends are plain
    spaces. Looked for first: hardly any text has one, and translating each takes longer.
#}
{% macro with_plain_spaces(text) -%}
    case
        when
            octet_length({{ text }}) = length({{ text }})
            and strpos({{ text }}, chr(10)) = 0
            and strpos({{ text }}, chr(13)) = 0
            then {{ text }}
        else translate(
            {{ text }}, chr(160) || chr(8199) || chr(8239) || chr(10) || chr(13), '     '
        )
    end
{%- endmacro %}
