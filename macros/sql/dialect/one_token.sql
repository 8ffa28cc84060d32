{#
    For unit tests only: the SQL of a macro as one token, a quoted text, which the materialization of unit tests
    (macros/overrides/unit_tests.sql) makes SQL again. dbt takes the tested model apart into tokens to find the place
    for the inputs, which would take longer than everything else in the test of a model with much SQL from macros.
#}
{% macro one_token(text) -%}
    {%- if model and model.resource_type == 'unit_test' -%}
        {{ return('$one_token$' ~ many_tokens(text) ~ '$one_token$') }}
    {%- endif -%}
    {{ return(text) }}
{%- endmacro %}


{# The same text as SQL. #}
{% macro many_tokens(text) -%}
    {{ return(text | replace('$one_token$', '')) }}
{%- endmacro %}
