{#- The smallest exponent, at least 1, whose power of two reaches upper_bound. -#}
{% macro get_powers_of_two(upper_bound) %}
    {{ return(adapter.dispatch('get_powers_of_two', 'dbt_utils')(upper_bound)) }}
{% endmacro %}

{% macro default__get_powers_of_two(upper_bound) %}
    {% if upper_bound <= 0 %}
        {% do exceptions.raise_compiler_error(
            'a series needs an upper bound of at least 1, not ' ~ upper_bound
        ) %}
    {% endif %}
    {% set highest_number = (upper_bound - 1) | round(0, 'ceil') | int %}
    {% do return([1, highest_number.bit_length()] | max) %}
{% endmacro %}


{#- A query of one column, generated_number: 1, 2, ... upper_bound, in this order. -#}
{% macro generate_series(upper_bound) %}
    {{ return(adapter.dispatch('generate_series', 'dbt_utils')(upper_bound)) }}
{% endmacro %}

{% macro default__generate_series(upper_bound) %}
{#- Every number below the power of two is one combination of its binary digits: a cross join of
    as many two-row tables. A recursive query would be slower, and not every engine has it. #}
{%- set digits = range(dbt_utils.get_powers_of_two(upper_bound)) %}
with binary_digits as (
    select 0 as digit
    union all
    select 1 as digit
),

every_number as (
    select
        1{% for place in digits %}
        + power(2, {{ place }}) * place_{{ place }}.digit
        {%- endfor %} as generated_number
    from binary_digits as place_0
    {%- for place in digits if place > 0 %}
    cross join binary_digits as place_{{ place }}
    {%- endfor %}
)

select generated_number
from every_number
where generated_number <= {{ upper_bound }}
order by generated_number
{% endmacro %}
