{#- Fails each row for which the expression is false; where it is null the row passes. On a column,
    the column's name is put before the expression. -#}
{% test expression_is_true(model, expression, column_name=none) %}
    {{ return(adapter.dispatch('test_expression_is_true', 'dbt_utils')(
        model, expression, column_name
    )) }}
{% endtest %}

{% macro default__test_expression_is_true(model, expression, column_name) %}
{#- all columns only where somebody will look at them: some column types cannot be compared #}
select {{ '*' if should_store_failures() else '1 as failed' }}
from {{ model }}
where not ({{ expression if column_name is none else column_name ~ ' ' ~ expression }})
{% endmacro %}
