{# An aggregate: the names in several texts such as `a, b`, each once, in the order of the alphabet; null for none. #}
{% macro distinct_names(texts) -%}
    {{ return(adapter.dispatch('distinct_names', 'branchline')(texts)) }}
{%- endmacro %}

{% macro postgres__distinct_names(texts) -%}
    nullif(
        array_to_string(
            array(
                select distinct names.name
                from unnest(string_to_array(string_agg({{ texts }}, ', '), ', ')) as names (name)
                order by names.name
            ),
            ', '
        ),
        ''
    )
{%- endmacro %}
