{#
    VAT. Amounts are what was paid, VAT included. The rate is the standard rate of the branch's country on the day of
    the sale, or on `taxed_on`, where a return names the day of its sale.
#}

{# The country of a branch that no list has: that of its source, where it has one. An expression. #}
{% macro default_country_code(source_system='source_system') -%}
    {{ source_default('country_code', none, source_system) }}
{%- endmacro %}


{#
    CTEs that add to receipts, or to their lines, the VAT in `net_amount`; the last of them is `taxed`, with all columns
    of `from` and `vat_rate_percent`, `net_of_vat_amount` and `is_vat_rate_changed` (within the year before the day of
    the rate). Without a rate these are null. Needs the CTEs `taxed_branches` and `vat_rates`.

    The rates of a country are arrays, so that a row is joined once and finds its rate by its date: joined by ranges of
    dates, PostgreSQL would sort all rows by country.
#}
{% macro taxed(from) -%}
rates_of_countries as (

    select
        country_code,
        array_agg(vat_rate_percent order by valid_from) as rates,
        array_agg(trim_scale(1 + vat_rate_percent / 100) order by valid_from) as divisors,
        array_agg(valid_from order by valid_from) as first_days,
        array_agg(
            case
                when is_changed then cast({{ dbt.dateadd('year', 1, 'valid_from') }} as date)
                else valid_from
            end
            order by valid_from
        ) as ends_of_change
    from vat_rates
    group by country_code

),

located as (

    select
        {{ from }}.*,
        rates_of_countries.rates,
        rates_of_countries.divisors,
        rates_of_countries.ends_of_change,
        -- 0 before the first of them, for which the arrays have no value.
        width_bucket(
            coalesce({{ from }}.taxed_on, {{ from }}.business_date), rates_of_countries.first_days
        ) as rate_number
    from {{ from }}
    left join taxed_branches on {{ from }}.branch_key = taxed_branches.branch_key
    left join rates_of_countries
        on
            coalesce(
                taxed_branches.country_code, {{ default_country_code(from ~ '.source_system') }}
            )
            = rates_of_countries.country_code

),

taxed as (

    select
        *,
        cast(rates[rate_number] as numeric(6, 3)) as vat_rate_percent,
        cast(round(net_amount / divisors[rate_number], 2) as numeric(18, 2)) as net_of_vat_amount,
        coalesce(taxed_on, business_date) < ends_of_change[rate_number] as is_vat_rate_changed
    from located
    {{ evaluate_once() }}

)
{%- endmacro %}
