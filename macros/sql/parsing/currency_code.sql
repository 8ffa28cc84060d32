{#
    The code of a currency (ISO 4217) by its code, or by a word or sign that stands for this currency alone: `usd` is USD,
    `EURO` and `€` are EUR. Null for any other text, such as `$`, which is the sign of many.
#}
{% macro currency_code(text) -%}
    {{ return(linted('currency_code', text) or one_token(adapter.dispatch('currency_code', 'branchline')(text))) }}
{%- endmacro %}

{% macro postgres__currency_code(text) -%}
    {%- set codes = {} -%}
    {%- for mark, marked in branchline.currency_marks().items() if marked | length == 1 -%}
        {%- do codes.update({mark | upper: marked[0]}) -%}
    {%- endfor -%}
    {%- for code in branchline.currency_codes() -%}
        {%- do codes.update({code: code}) -%}
    {%- endfor -%}
    cast('{{ tojson(codes) }}' as jsonb)
    ->> upper(btrim({{ branchline.plain_text(text) }}, e' \t\n\r.'))
{%- endmacro %}
