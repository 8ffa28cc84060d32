{#
    The text with normalized characters: composed letters (e with an accent is one character, not two as on a Mac),
    plain spaces for wide and non-breaking ones, plain hyphens for non-breaking ones, no invisible characters. With
    `line_breaks` also spaces for line breaks.
#}
{% macro plain_text(text, line_breaks=false) -%}
    {{ return(linted('plain_text', text) or one_token(adapter.dispatch('plain_text', 'branchline')(text, line_breaks))) }}
{%- endmacro %}

{% macro postgres__plain_text(text, line_breaks) -%}
    {%- set spaces = [
        '0085', '00a0', '1680', '2000', '2001', '2002', '2003', '2004', '2005', '2006', '2007', '2008', '2009',
        '200a', '2028', '2029', '202f', '205f', '3000',
    ] -%}
    {%- set hyphens = ['2010', '2011'] -%}
    {#- Soft hyphens, direction marks, joiners, and the byte order mark. -#}
    {%- set unseen = [
        '00ad', '034f', '061c', '180e', '200b', '200c', '200d', '200e', '200f', '202a', '202b', '202c', '202d',
        '202e', '2060', '2061', '2062', '2063', '2064', '2066', '2067', '2068', '2069', 'feff',
    ] -%}
    {%- set others = '\\u' ~ (spaces + hyphens) | join('\\u') -%}
    {%- set plain = ' ' * (spaces | length) ~ '-' * (hyphens | length) -%}
    {#- Nearly every text has none of them, which is checked at a fifth of the cost. -#}
    case
        when
            octet_length({{ text }}) > length({{ text }})
            {%- if line_breaks %}
            or strpos({{ text }}, chr(10)) > 0 or strpos({{ text }}, chr(13)) > 0
            {%- endif %}
            then normalize(
                translate(
                    {{ text }},
                    e'{{ "\\n\\r" if line_breaks }}{{ others }}\u{{ unseen | join("\\u") }}',
                    '{{ "  " if line_breaks }}{{ plain }}'
                ),
                nfc
            )
        else {{ text }}
    end
{%- endmacro %}
