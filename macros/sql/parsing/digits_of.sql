{#
    A number whose digits were typed among letters, the digits in their order: `J78`, `30e` and `3n9` are 78, 30 and
    39. Other text is read by parse_integer: `30`, `30.0`, but not `1.5`. Null where there is no digit, or more than
    nine.
#}
{% macro digits_of(text) -%}
    {{ return(linted('digits_of', text) or one_token(adapter.dispatch('digits_of', 'branchline')(text))) }}
{%- endmacro %}

{% macro postgres__digits_of(text) -%}
    case
        when {{ text }} ~ '^[[:alnum:] ]*[[:alpha:]][[:alnum:] ]*$'
            then {{ branchline.parse_integer("regexp_replace(" ~ text ~ ", '[^0-9]', '', 'g')") }}
        else {{ branchline.parse_integer(text) }}
    end
{%- endmacro %}
