{#
    Texts as an array, written as one constant: to the database the same as a list behind `in`, and far less to
    read for what parses SQL.
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
