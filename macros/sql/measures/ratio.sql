{#
    One number per another, rounded to so many decimals. Null where the other is zero or not known, and where the
    answer is too large to be told: what is sold in a day, in percent of a penny, says nothing. Either is a numeric.
#}
{% macro ratio(number, per, digits=2) -%}
    cast(
        case
            when abs({{ number }}) < 1{{ '0' * (17 - digits) }}.0 * abs({{ per }})
                then round(({{ number }}) / ({{ per }}), {{ digits }})
        end as numeric(18, {{ digits }})
    )
{%- endmacro %}
