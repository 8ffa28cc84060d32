{#
    One number divided by another, rounded to `digits` decimals. Null where the divisor is zero or null, and where the
    result is too large for its type, such as a day's sales in percent of a penny. Both are numeric.
#}
{% macro ratio(number, per, digits=2) -%}
    cast(
        case
            when abs({{ number }}) < 1{{ '0' * (17 - digits) }}.0 * abs({{ per }})
                then round(({{ number }}) / ({{ per }}), {{ digits }})
        end as numeric(18, {{ digits }})
    )
{%- endmacro %}
