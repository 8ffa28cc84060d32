{# The median of the absolute deviations from `middle`. #}
{% macro deviation_of(values, middle) -%}
    {{ return(adapter.dispatch('deviation_of', 'branchline')(values, middle)) }}
{%- endmacro %}

{% macro postgres__deviation_of(values, middle) -%}
    (
        select
            cast(
                percentile_cont(0.5) within group (order by abs(past.value - {{ middle }}))
                as numeric(38, 4)
            )
        from unnest({{ values }}) as past (value)
    )
{%- endmacro %}
