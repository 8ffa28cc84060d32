{#
    Amounts in the company's currency. The rate is that of the row's own day, whenever the row was written or changed
    (int_exchange_rates__ranges). It is two exact numbers: `currency_units` of the currency are worth `company_units` of
    the company's. A rate of 80 is stored as 80 and 1, not as 0.0125, and a third stays a third.
#}

{#
    CTEs that add the exchange rate to rows with amounts; the last of them is `converted`, with all columns of `from`
    and `company_units`, `currency_units` (null where no rate is known) and `is_rate_estimated` (never null). `on` and
    `currency`: the columns with the day and the currency of a row. `exchange_rates` is int_exchange_rates__ranges, and no
    CTE, which PostgreSQL would read from end to end for each row where there are few.

    A row finds the number of its rate in an array of days, and the rate by its number: joined by ranges of days,
    PostgreSQL would compare each row with all rates of its currency.
#}
{% macro converted(from, exchange_rates, on='business_date', currency='currency_code') -%}
days_of_rates as (

    select
        currency_code as rated_currency_code,
        array_agg(valid_from order by range_number) as first_days
    from {{ exchange_rates }}
    group by currency_code

),

rate_numbered as (

    select
        {{ from }}.*,
        width_bucket({{ from }}.{{ on }}, days_of_rates.first_days) as exchange_rate_number
    from {{ from }}
    left join days_of_rates on {{ from }}.{{ currency }} = days_of_rates.rated_currency_code

),

converted as (

    select
        rate_numbered.*,
        exchange_rates.company_units,
        exchange_rates.currency_units,
        coalesce(exchange_rates.is_rate_estimated, false) as is_rate_estimated
    from rate_numbered
    left join {{ exchange_rates }} as exchange_rates
        on
            rate_numbered.{{ currency }} = exchange_rates.currency_code
            and rate_numbered.exchange_rate_number = exchange_rates.range_number

)
{%- endmacro %}


{#
    An amount of a row of `converted` in the company's currency, to six decimals. Null without a rate, and where the
    result is too large for its type.
#}
{% macro company_amount(amount) -%}
    cast(
        case
            -- Most amounts of most companies; the other way takes ten times as long.
            when company_units = currency_units and abs({{ amount }}) < 99999999999999 then {{ amount }}
            when abs({{ amount }} * company_units) < 99999999999999 * currency_units
                then {{ rounded_quotient(amount ~ ' * company_units', 'currency_units', 6) }}
        end as numeric(20, 6)
    )
{%- endmacro %}
