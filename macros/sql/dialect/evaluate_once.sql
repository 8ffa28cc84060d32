{#
    Ends a subquery with costly columns that the outer query uses several times: each is computed once per row.
    Without it PostgreSQL inlines the expression at every use. Not for views, because filters are then not pushed
    down.
#}
{% macro evaluate_once() -%}
    {#- sqlfluff does not know it in a query without a table. -#}
    {{ return('' if var('is_linted', false) else adapter.dispatch('evaluate_once', 'branchline')()) }}
{%- endmacro %}

{% macro default__evaluate_once() -%}
{%- endmacro %}

{% macro postgres__evaluate_once() -%}
    offset 0
{%- endmacro %}
