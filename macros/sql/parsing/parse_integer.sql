{#
    A whole number of up to nine digits as people and databases write it (7, -7, 7.0, 7,00), or null for any other
    text. `decimal` as for parse_amount: with a decimal comma 1.000 is a thousand, with a decimal point it is one;
    without `decimal` it is ambiguous: null.
#}
{% macro parse_integer(text, decimal=none) -%}
    {{ return(linted('parse_integer', text) or one_token(adapter.dispatch('parse_integer', 'branchline')(text, decimal))) }}
{%- endmacro %}

{% macro postgres__parse_integer(text, decimal) -%}
    {%- if decimal -%}
        {%- set thousands = {'.': ',', ',': '.'}[decimal] -%}
        {%- set pattern = '^([+-]?(?:[0-9]{1,9}|[1-9][0-9]{0,2}(?:[' ~ thousands ~ '][0-9]{3}){1,2}))(?:['
            ~ decimal ~ ']0+)?$' -%}
    {%- else -%}
        {%- set thousands = '' -%}
        {%- set pattern = '^([+-]?[0-9]{1,9})(?:[.,](?:0{1,2}|0{4,}|(?<=[0-9]{4}[.,])000))?$' -%}
    {%- endif -%}
    {%- set usual = [] -%}
    {%- for digits in range(1, 10) -%}
        {%- do usual.append('0' * digits) -%}
    {%- endfor -%}
    case
        {#- Plain digits are recognized at a quarter of the cost. #}
        when translate({{ text }}, '123456789', '000000000') = any ({{ branchline.text_array(usual) }})
            then cast({{ text }} as integer)
        else cast(
            replace(
                substring(btrim({{ branchline.plain_text(text) }}, e' \t\n\r') from '{{ pattern }}'),
                '{{ thousands }}',
                ''
            )
            as integer
        )
    end
{%- endmacro %}
