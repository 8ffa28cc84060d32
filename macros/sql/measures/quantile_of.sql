{# The quantile of an array's values at `share`, interpolated. #}
{% macro quantile_of(values, share) -%}
    {{ return(adapter.dispatch('quantile_of', 'branchline')(values, share)) }}
{%- endmacro %}

{% macro postgres__quantile_of(values, share) -%}
    (
        select percentile_cont({{ share }}) within group (order by past.value)
        from unnest({{ values }}) as past (value)
    )
{%- endmacro %}
