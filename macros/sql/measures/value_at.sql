{#
    Aggregate: the discrete quantile of a column at `share` (0 to 1). Always an existing value, so that the result is
    deterministic.
#}
{% macro value_at(share, column) -%}
    {{ return(adapter.dispatch('value_at', 'branchline')(share, column)) }}
{%- endmacro %}

{% macro default__value_at(share, column) -%}
    percentile_disc({{ share | round(6) }}) within group (
        order by {{ column }}
    )
{%- endmacro %}
