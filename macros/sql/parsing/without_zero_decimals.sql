{# The text of a number that a spreadsheet has taken for a decimal one: `17850.0` is `17850`. #}
{% macro without_zero_decimals(text) -%}
    {{ return(adapter.dispatch('without_zero_decimals', 'branchline')(text)) }}
{%- endmacro %}

{% macro postgres__without_zero_decimals(text) -%}
    regexp_replace({{ text }}, '[.]0+$', '')
{%- endmacro %}
