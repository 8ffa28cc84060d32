{#
    Production and the embedded warehouses use the layers' names (staging, marts, ...). Every other target, such as a
    developer's or CI's, prefixes them with its own schema, so that several can share one database.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set layer = (custom_schema_name or 'marts') | trim -%}
    {%- if target.name.split(' ')[0] in ('embedded', 'server') -%}
        {{ layer }}
    {%- else -%}
        {{ target.schema }}_{{ layer }}
    {%- endif -%}
{%- endmacro %}
