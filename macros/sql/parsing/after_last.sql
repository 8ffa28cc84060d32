{# What follows the last `delimiter` in `text`; null where there is none. #}
{% macro after_last(text, delimiter) -%}
    {{ return(adapter.dispatch('after_last', 'branchline')(text, delimiter)) }}
{%- endmacro %}

{% macro postgres__after_last(text, delimiter) -%}
    case
        when strpos({{ text }}, '{{ delimiter }}') > 0
            then right({{ text }}, strpos(reverse({{ text }}), '{{ delimiter | reverse }}') - 1)
    end
{%- endmacro %}

{# The part of `text` before `delimiter` and `ending`, its last part; null where `ending` is null. #}
{% macro before_ending(text, ending, delimiter) -%}
    left({{ text }}, length({{ text }}) - length({{ ending }}) - {{ delimiter | length }})
{%- endmacro %}
