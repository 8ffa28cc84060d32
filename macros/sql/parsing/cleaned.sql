{# What a cell says: without spaces around it; null where it is empty or says NULL, as databases export it. #}
{% macro cleaned(text) -%}
    nullif(nullif(trim({{ plain_spaces(text) }}), ''), 'NULL')
{%- endmacro %}
