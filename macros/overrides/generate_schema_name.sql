{#
    Production and the embedded default use the layers' own names (staging, marts, ...). Every other
    target, such as a developer's or CI's, prefixes them with its own schema, so that many can share
    one database.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set layer = (custom_schema_name or 'marts') | trim -%}
    {%- if target.name in ('embedded', 'server') -%}
        {{ layer }}
    {%- else -%}
        {{ target.schema }}_{{ layer }}
    {%- endif -%}
{%- endmacro %}
