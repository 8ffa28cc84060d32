{#
    The text as everybody would write it who sees the same: letters composed (an e with its accent is one sign,
    and not two, as a Mac writes it), plain spaces in the place of wider and of unbreakable ones, plain hyphens
    of unbreakable ones, and no signs that nobody sees. With `line_breaks` also spaces in the place of line
    breaks.
#}
{% macro plain_text(text, line_breaks=false) -%}
    {{ return(linted('plain_text', text) or adapter.dispatch('plain_text', 'branchline')(text, line_breaks)) }}
{%- endmacro %}

{% macro postgres__plain_text(text, line_breaks) -%}
    {%- set spaces = [
        '0085', '00a0', '1680', '2000', '2001', '2002', '2003', '2004', '2005', '2006', '2007', '2008', '2009',
        '200a', '2028', '2029', '202f', '205f', '3000',
    ] -%}
    {%- set hyphens = ['2010', '2011'] -%}
    {#- Soft hyphens, marks of the reading direction, joiners, and the mark of a byte order. -#}
    {%- set unseen = [
        '00ad', '034f', '061c', '180e', '200b', '200c', '200d', '200e', '200f', '202a', '202b', '202c', '202d',
        '202e', '2060', '2061', '2062', '2063', '2064', '2066', '2067', '2068', '2069', 'feff',
    ] -%}
    {%- set others = '\\u' ~ (spaces + hyphens) | join('\\u') -%}
    {%- set plain = ' ' * (spaces | length) ~ '-' * (hyphens | length) -%}
    {#- Nearly every text has none of them, which is found out at a fifth of the cost. -#}
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
