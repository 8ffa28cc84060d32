{#
    Whether the amount `paid` is the amount `due` after cash rounding to the currency's smallest coin (`cash_coins`,
    dbt_project.yml). The rows have `payment_method` and `currency_code`.
#}
{% macro is_cash_rounding(paid, due) -%}
    coalesce(
        payment_method = 'CASH'
        and {{ paid }} <> {{ due }}
        and case currency_code
            {%- for currency, coin in var('cash_coins').items() %}
            when '{{ currency }}'
                then mod({{ paid }}, {{ coin }}) = 0 and abs({{ paid }} - {{ due }}) * 2 <= {{ coin }}
            {%- endfor %}
        end,
        false
    )
{%- endmacro %}
