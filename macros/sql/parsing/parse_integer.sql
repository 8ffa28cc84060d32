{# A whole number of up to nine digits as people and databases write it (7, -7, 7.0), or null if it is none. #}
{% macro parse_integer(text) -%}
    {{ return(adapter.dispatch('parse_integer', 'branchline')(text)) }}
{%- endmacro %}

{% macro postgres__parse_integer(text) -%}
    cast(
        substring(trim({{ branchline.plain_text(text) }}) from '^([+-]?\d{1,9})(?:[.]0+)?$')
        as integer
    )
{%- endmacro %}
