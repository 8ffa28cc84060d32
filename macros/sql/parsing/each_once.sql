{# The distinct names in a text such as `b, a, b`, in alphabetical order; null for none. #}
{% macro each_once(text) -%}
    {{ return(adapter.dispatch('each_once', 'branchline')(text)) }}
{%- endmacro %}

{% macro postgres__each_once(text) -%}
    case
        when {{ text }} is not null
            then array_to_string(
                array(
                    select distinct names.name
                    from string_to_table({{ text }}, ', ') as names (name)
                    order by names.name
                ),
                ', '
            )
    end
{%- endmacro %}
