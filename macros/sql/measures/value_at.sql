{#
    Aggregate: the first of the column's values, in order, at which the share of rows that have been passed
    reaches `share` (0 to 1). Always a value that is there, so that equal rows give equal answers.
#}
{% macro value_at(share, column, descending=false) -%}
    {{ return(adapter.dispatch('value_at', 'branchline')(share, column, descending)) }}
{%- endmacro %}

{% macro default__value_at(share, column, descending) -%}
    percentile_disc({{ share | round(6) }}) within group (
        order by {{ column }}{{ ' desc' if descending }}
    )
{%- endmacro %}
