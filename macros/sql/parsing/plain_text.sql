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
    {%- set unseen = '\\u' ~ unseen | join('\\u') -%}
    {%- set breaks = '\\n\\r' if line_breaks else '' -%}
    {%- set plain = ' ' * ((spaces | length) + (2 if line_breaks else 0)) ~ '-' * (hyphens | length) -%}
    case
        {#- Nearly every text has ASCII characters only, which is checked at a fifth of the cost. #}
        when
            octet_length({{ text }}) = length({{ text }})
            {%- if line_breaks %}
            and strpos({{ text }}, chr(10)) = 0 and strpos({{ text }}, chr(13)) = 0
            {%- endif %}
            then {{ text }}
        {#- Nearly every other text has letters with accents, and nothing to replace: a tenth of the cost. #}
        when
            {{ text }} !~ e'[{{ breaks ~ others ~ unseen }}]'
            and {{ text }} is nfc normalized
            then {{ text }}
        else normalize(translate({{ text }}, e'{{ breaks ~ others ~ unseen }}', '{{ plain }}'), nfc)
    end
{%- endmacro %}
