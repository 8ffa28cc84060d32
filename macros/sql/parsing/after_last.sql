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

{# What stands before `delimiter` and `ending`, which is what `text` ends in; null where that is null. #}
{% macro before_ending(text, ending, delimiter) -%}
    left({{ text }}, length({{ text }}) - length({{ ending }}) - {{ delimiter | length }})
{%- endmacro %}
