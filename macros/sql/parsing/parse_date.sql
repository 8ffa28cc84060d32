{#
    A day as databases and spreadsheets write it, or null if it is none: 2023-01-05, 2023-1-5, 20230105, also
    with a time of day behind it. Words that the database would take for a day ('today') are none.
#}
{% macro parse_date(text) -%}
    {{ return(adapter.dispatch('parse_date', 'branchline')(text)) }}
{%- endmacro %}

{% macro postgres__parse_date(text) -%}
    {%- set matched -%}
        substring(
            trim({{ branchline.plain_spaces(text) }})
            from '^(\d{4}-\d{1,2}-\d{1,2}|\d{8})(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:[.]\d+)?)?)?$'
        )
    {%- endset -%}
    case when pg_input_is_valid({{ matched }}, 'date') then cast({{ matched }} as date) end
{%- endmacro %}


{# The condition that there is a text, but no day. #}
{% macro is_no_date(text) -%}
    ({{ text }} is not null and {{ parse_date(text) }} is null)
{%- endmacro %}
