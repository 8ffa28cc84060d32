{#
    Incremental, because it also records which days have another rate than before: the days of branches that sell in
    the currency are built again, and no others. A range that has changed keeps its first day until
    the models that look for such ranges have read it, although the rates alone would no longer need it.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key=['currency_code', 'valid_from'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['currency_code', 'range_number'], 'unique': true},
        ],
        post_hook="{{ step_back_readers() }}",
    )
}}
{%- set mark = end_of_ledger() %}
{#- The models that look for changed ranges. #}
{%- set readers = [
    'int_branch_days__changed',
    'fct_order_changes',
    'int_delivery_weeks__summed_up',
] %}
{%- set readers_marks = [] %}
{%- for reader in readers %}
{%- do readers_marks.append(high_water_mark(reader) | int) %}
{%- endfor %}
{%- set company_currency = "'" ~ var('company_currency') ~ "'" %}
{%- set beginning = "cast('0001-01-01' as date)" %}
{%- set end = dbt.dateadd('day', 1, "cast('" ~ var('calendar_end') ~ "' as date)") %}

with rates as (

    select * from {{ ref('int_exchange_rates__dated') }}

),

direct_rates as (

    select
        from_currency_code as currency_code,
        to_units as company_units,
        from_units as currency_units,
        rate_date
    from rates
    where to_currency_code = {{ company_currency }}

),

bases as (

    select
        currency_code,
        row_number() over (order by currency_code) as base_number
    from direct_rates
    group by currency_code

),

-- Rates from a currency to a base, from which a rate leads to the company's currency.
base_rates as (

    select
        rates.*,
        bases.base_number
    from rates
    inner join bases on rates.to_currency_code = bases.currency_code
    where rates.from_currency_code <> {{ company_currency }}

),

base_pairs as (

    select distinct
        from_currency_code as currency_code,
        to_currency_code as base_code,
        base_number
    from base_rates

),

-- The days on which one of the two rates begins.
base_days as (

    select
        from_currency_code as currency_code,
        to_currency_code as base_code,
        base_number,
        rate_date as first_rate_date,
        cast(null as date) as second_rate_date,
        rate_date
    from base_rates
    union all
    select
        base_pairs.currency_code,
        base_pairs.base_code,
        base_pairs.base_number,
        cast(null as date) as first_rate_date,
        direct_rates.rate_date as second_rate_date,
        direct_rates.rate_date
    from base_pairs
    inner join direct_rates on base_pairs.base_code = direct_rates.currency_code

),

-- On each of them the latest of either.
paired_days as (

    select distinct
        currency_code,
        base_code,
        base_number,
        max(first_rate_date) over up_to_day as first_rate_date,
        max(second_rate_date) over up_to_day as second_rate_date,
        rate_date
    from base_days
    window up_to_day as (partition by currency_code, base_code order by rate_date)

),

-- A rate through a base is as old as the older of its two.
candidates as (

    select
        currency_code,
        company_units,
        currency_units,
        0 as base_number,
        rate_date as rated_on,
        rate_date as known_from
    from direct_rates
    union all
    select
        paired_days.currency_code,
        base_rates.to_units * direct_rates.company_units as company_units,
        base_rates.from_units * direct_rates.currency_units as currency_units,
        paired_days.base_number,
        least(paired_days.first_rate_date, paired_days.second_rate_date) as rated_on,
        paired_days.rate_date as known_from
    from paired_days
    inner join base_rates
        on
            paired_days.currency_code = base_rates.from_currency_code
            and paired_days.base_code = base_rates.to_currency_code
            and paired_days.first_rate_date = base_rates.rate_date
    inner join direct_rates
        on
            paired_days.base_code = direct_rates.currency_code
            and paired_days.second_rate_date = direct_rates.rate_date

),

ordered_candidates as (

    select
        *,
        array[
            {{ days_between(beginning, 'rated_on') }},
            -base_number,
            {{ days_between(beginning, 'known_from') }}
        ] as rate_order
    from candidates
    where company_units < 100000000000 * currency_units

),

compared_candidates as (

    select
        *,
        max(rate_order) over (partition by currency_code order by known_from) as best_rate_order
    from ordered_candidates

),

-- What counts on a day is the newest rate; of equally new ones a direct one, then the one of the
-- first base in the alphabet. It begins to count when it becomes known, or never.
counting_rates as (

    select
        *,
        row_number() over (partition by currency_code order by known_from) as place
    from compared_candidates
    where rate_order = best_rate_order

),

-- Before the first known rate that one counts.
ranges as (

    select
        currency_code,
        company_units,
        currency_units,
        false as is_rate_estimated,
        rated_on,
        known_from as valid_from
    from counting_rates
    union all
    select
        currency_code,
        company_units,
        currency_units,
        true as is_rate_estimated,
        rated_on,
        {{ beginning }} as valid_from
    from counting_rates
    where place = 1
    union all
    select
        {{ company_currency }} as currency_code,
        1 as company_units,
        1 as currency_units,
        false as is_rate_estimated,
        cast(null as date) as rated_on,
        {{ beginning }} as valid_from

),

{% if is_incremental() -%}
known as (

    select * from {{ this }}

),

numbered_ranges as (

    select
        *,
        row_number() over (partition by currency_code order by valid_from) as range_number
    from ranges

),

first_days as (

    select
        currency_code,
        valid_from
    from ranges
    union
    select
        currency_code,
        valid_from
    from known

),

-- The range that holds on each of these days now, and the one that held until now.
compared_days as (

    select
        first_days.currency_code,
        first_days.valid_from,
        numbered_ranges.currency_code is not null as is_needed,
        max(numbered_ranges.range_number) over up_to_day as range_number,
        max(known.range_number) over up_to_day as known_range_number
    from first_days
    left join numbered_ranges
        on
            first_days.currency_code = numbered_ranges.currency_code
            and first_days.valid_from = numbered_ranges.valid_from
    left join known
        on
            first_days.currency_code = known.currency_code
            and first_days.valid_from = known.valid_from
    window up_to_day as (
        partition by first_days.currency_code order by first_days.valid_from
    )

),

-- A currency without a rate has no numbers, and neither has one that has lost its last rate.
compared_ranges as (

    select
        compared_days.currency_code,
        compared_days.is_needed,
        numbered_ranges.company_units,
        numbered_ranges.currency_units,
        coalesce(numbered_ranges.is_rate_estimated, false) as is_rate_estimated,
        coalesce(
            numbered_ranges.company_units * known.currency_units
            = known.company_units * numbered_ranges.currency_units
            and numbered_ranges.is_rate_estimated = known.is_rate_estimated,
            numbered_ranges.company_units is null and known.company_units is null
        ) as is_unchanged,
        known.change_id as known_change_id,
        numbered_ranges.rated_on,
        compared_days.valid_from
    from compared_days
    left join numbered_ranges
        on
            compared_days.currency_code = numbered_ranges.currency_code
            and compared_days.range_number = numbered_ranges.range_number
    left join known
        on
            compared_days.currency_code = known.currency_code
            and compared_days.known_range_number = known.range_number

),

dated_ranges as (

    select
        *,
        case when is_unchanged then coalesce(known_change_id, 0) else {{ mark }} end as change_id
    from compared_ranges

),

kept_ranges as (

    select * from dated_ranges
    where is_needed or (change_id > 0 and change_id >= {{ readers_marks | min }})

),
{%- else -%}
kept_ranges as (

    select
        *,
        0 as change_id
    from ranges

),
{%- endif %}

final as (

    select
        currency_code,
        cast(row_number() over days as integer) as range_number,
        cast(change_id as bigint) as change_id,
        cast(company_units as numeric(48, 20)) as company_units,
        cast(currency_units as numeric(48, 20)) as currency_units,
        is_rate_estimated,
        rated_on,
        valid_from,
        coalesce(lead(valid_from) over days, cast({{ end }} as date)) as valid_to
    from kept_ranges
    window days as (partition by currency_code order by valid_from)

)

select * from final
