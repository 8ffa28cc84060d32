{#
    One number divided by a positive one, rounded half away from zero to `digits` decimals, exactly. Both are numeric.
    The quotient itself, of which PostgreSQL computes some 16 digits, would be rounded twice.
#}
{% macro rounded_quotient(number, divisor, digits) -%}
    {{ return(adapter.dispatch('rounded_quotient', 'branchline')(number, divisor, digits)) }}
{%- endmacro %}

{% macro default__rounded_quotient(number, divisor, digits) -%}
    round(({{ number }}) / {{ divisor }}, {{ digits }})
{%- endmacro %}

{#- `div` gives the whole part; the number is doubled to add the half that rounds it. -#}
{% macro postgres__rounded_quotient(number, divisor, digits) -%}
    sign({{ number }})
    * div(2{{ '0' * digits }} * abs({{ number }}) + {{ divisor }}, 2 * {{ divisor }})
    * 0.{{ '0' * (digits - 1) }}1
{%- endmacro %}
