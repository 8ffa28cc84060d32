{#
    Texts as an array constant: for PostgreSQL the same as a list after `in`, and far shorter for SQL parsers.
#}
{% macro text_array(texts) -%}
    {{ return(adapter.dispatch('text_array', 'branchline')(texts)) }}
{%- endmacro %}

{% macro postgres__text_array(texts) -%}
    {%- set elements = [] -%}
    {%- for text in texts -%}
        {%- do elements.append(
            '"' ~ text | replace('\\', '\\\\') | replace('"', '\\"') | replace("'", "''") ~ '"'
        ) -%}
    {%- endfor -%}
    cast('{{ "{" ~ elements | join(",") ~ "}" }}' as text[])
{%- endmacro %}
