{#
    A view, because a table would have a row for every day of every currency. It reads no table that a usual night
    replaces, so it stays.
#}
{{ config(materialized='view') }}

with exchange_rates as (

    select * from {{ ref('int_exchange_rates__ranges') }}

),

branch_days as (

    select * from {{ ref('int_branch_days__changed') }}

),

-- The days of the sales and of the stated rates.
limits as (

    select
        least(
            (select min(business_date) from branch_days),
            (select min(rated_on) from exchange_rates)
        ) as first_date,
        greatest(
            (select max(business_date) from branch_days),
            (select max(valid_from) from exchange_rates)
        ) as last_date

),

-- By ranges, not as facts find their rate: a test compares both.
rated_days as (

    select
        exchange_rates.currency_code,
        exchange_rates.company_units,
        exchange_rates.currency_units,
        exchange_rates.is_rate_estimated,
        days.date_day,
        -- The company's own currency has its rate anew every day.
        coalesce(exchange_rates.rated_on, days.date_day) as rated_on
    from exchange_rates
    cross join limits
    cross join lateral {{ days_from_to(
        'greatest(exchange_rates.valid_from, limits.first_date)',
        'least(' ~ dbt.dateadd('day', -1, 'exchange_rates.valid_to') ~ ', limits.last_date)',
        'days'
    ) }}
    where exchange_rates.company_units is not null

),

final as (

    select
        currency_code,
        cast(
            {{ rounded_quotient('company_units', 'currency_units', 12) }} as numeric(24, 12)
        ) as rate_to_company,
        company_units,
        currency_units,
        {{ days_between('rated_on', 'date_day') }} as rate_age_days,
        is_rate_estimated,
        {{ days_between('rated_on', 'date_day') }} > {{ var('exchange_rate_max_age_days') }}
            as is_rate_stale,
        date_day,
        rated_on
    from rated_days

)

select * from final
