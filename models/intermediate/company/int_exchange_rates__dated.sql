{#
    A table, because a chain of views would reach from the ranges to raw. Whole in every run: there is a row for each day
    and rate, not for each sale.
#}
{{ config(materialized='table') }}
{%- set company_currency = "'" ~ var('company_currency') ~ "'" %}

with own_rates as (

    select * from {{ ref('exchange_rates') }}

),

source_rates as (

    select * from {{ ref('int_exchange_rates__unioned') }}
    where is_current

),

branches as (

    select * from {{ ref('branches') }}

),

-- Currencies of branches, and of the company's own list. A source may deliver rates of 160.
used_currencies as (

    select currency_code from branches
    union
    select upper(from_currency_code) as currency_code from own_rates
    union
    select upper(to_currency_code) as currency_code from own_rates
    {%- for currency_code in default_currencies() %}
    union
    select '{{ currency_code }}' as currency_code
    {%- endfor %}

),

stated_rates as (

    select
        upper(from_currency_code) as from_currency_code,
        upper(to_currency_code) as to_currency_code,
        cast(0 as bigint) as file_id,
        cast(0 as bigint) as line_number,
        rate,
        true as is_own,
        rate_date
    from own_rates
    union all
    select
        upper(from_currency_code) as from_currency_code,
        upper(to_currency_code) as to_currency_code,
        file_id,
        line_number,
        rate,
        false as is_own,
        rate_date
    from source_rates

),

-- A rate of 10,000 million is a mistake, and so is one that holds after the calendar.
usable_rates as (

    select * from stated_rates
    where
        from_currency_code <> to_currency_code
        and rate > 0
        and rate < 10000000000
        and rate_date <= cast('{{ var("calendar_end") }}' as date)

),

-- The other currency of a rate may be a base, through which a rate leads to the company's.
needed_currencies as (

    select currency_code from used_currencies
    union
    select usable_rates.from_currency_code as currency_code
    from usable_rates
    inner join used_currencies on usable_rates.to_currency_code = used_currencies.currency_code
    where used_currencies.currency_code <> {{ company_currency }}
    union
    select usable_rates.to_currency_code as currency_code
    from usable_rates
    inner join used_currencies on usable_rates.from_currency_code = used_currencies.currency_code
    where used_currencies.currency_code <> {{ company_currency }}

),

needed_rates as (

    select usable_rates.*
    from usable_rates
    inner join needed_currencies as from_currencies
        on usable_rates.from_currency_code = from_currencies.currency_code
    inner join needed_currencies as to_currencies
        on usable_rates.to_currency_code = to_currencies.currency_code

),

both_directions as (

    select
        from_currency_code,
        to_currency_code,
        file_id,
        line_number,
        cast(1 as numeric(24, 10)) as from_units,
        rate as to_units,
        is_own,
        false as is_reversed,
        rate_date
    from needed_rates
    union all
    select
        to_currency_code as from_currency_code,
        from_currency_code as to_currency_code,
        file_id,
        line_number,
        rate as from_units,
        cast(1 as numeric(24, 10)) as to_units,
        is_own,
        true as is_reversed,
        rate_date
    from needed_rates

),

-- Of several rates of a day: the company's own, then the one that is stated in this direction, then
-- the one that came last.
placed_rates as (

    select
        *,
        row_number() over (
            partition by from_currency_code, to_currency_code, rate_date
            order by is_own desc, is_reversed asc, file_id desc, line_number desc
        ) as place
    from both_directions

),

final as (

    select
        from_currency_code,
        to_currency_code,
        from_units,
        to_units,
        rate_date
    from placed_rates
    where place = 1

)

select * from final
