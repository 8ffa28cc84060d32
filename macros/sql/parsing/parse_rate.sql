{#
    A number as programs write it, such as a rate of exchange: like parse_amount with a decimal point, or with an
    exponent, as JSON allows (`6.1e-5`). No floating-point number comes between. Null for any other text, and where it
    is too large for its type.
#}
{% macro parse_rate(text, precision=24, scale=10) -%}
    {{ return(
        linted('parse_rate', text)
        or one_token(adapter.dispatch('parse_rate', 'branchline')(text, precision, scale))
    ) }}
{%- endmacro %}

{% macro postgres__parse_rate(text, precision, scale) -%}
    case
        when {{ text }} ~ '^[0-9]{1,9}([.][0-9]{1,20})?[eE][-+]?[0-9]{1,2}$'
            then (
                select cast(numbers.number as numeric({{ precision }}, {{ scale }}))
                from (select cast({{ text }} as numeric) as number) as numbers
                where numbers.number < cast('1e{{ precision - scale - 1 }}' as numeric)
            )
        else {{ branchline.parse_amount(text, precision=precision, scale=scale, decimal='.') }}
    end
{%- endmacro %}
