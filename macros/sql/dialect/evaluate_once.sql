{#
    Ends a query whose columns are costly and used several times by the query around it: each is then
    worked out once per row. Without it the database puts the expression in the place of every use.
    Not in a view, which could then not be asked for a few rows only.
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
