{% set days = var('price_change_days') -%}

with prices as (

    select * from {{ ref('dim_product_prices') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

product_days as (

    select * from {{ ref('int_product_days__sold') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

compared_prices as (

    select
        *,
        lag(list_price) over (partition by product_key order by valid_from) as old_price,
        lag(valid_from) over (partition by product_key order by valid_from) as old_valid_from,
        lag(valid_to) over (partition by product_key order by valid_from) as old_valid_to
    from prices

),

-- A product that left the list and came back has no price change.
changes as (

    select
        compared_prices.product_key,
        compared_prices.source_system,
        compared_prices.product_name,
        compared_prices.old_price,
        compared_prices.list_price as new_price,
        compared_prices.valid_from as changed_on,
        greatest(
            cast({{ dbt.dateadd('day', -days, 'compared_prices.valid_from') }} as date),
            compared_prices.old_valid_from,
            sources.first_date
        ) as first_day_before,
        least(
            cast({{ dbt.dateadd('day', days - 1, 'compared_prices.valid_from') }} as date),
            cast({{ dbt.dateadd('day', -1, 'compared_prices.valid_to') }} as date),
            sources.as_of_date
        ) as last_day_after,
        -- Where sales end before the change, the days after their end are unknown, not days without
        -- sales.
        least(
            compared_prices.valid_from,
            cast({{ dbt.dateadd('day', 1, 'sources.as_of_date') }} as date)
        ) as end_of_days_before,
        sources.as_of_date
    from compared_prices
    left join sources on compared_prices.source_system = sources.source_system
    where
        compared_prices.old_valid_to = compared_prices.valid_from
        and compared_prices.old_price <> compared_prices.list_price

),

-- 0 days where no sales are known, and 0 days after where sales end before the change.
counted_changes as (

    select
        *,
        case
            when as_of_date is not null
                then {{ dbt.datediff('first_day_before', 'end_of_days_before', 'day') }} -- noqa: LT05
        end as days_before,
        case
            when as_of_date is not null
                then {{ dbt.datediff('changed_on', 'last_day_after', 'day') }} + 1 -- noqa: LT05
        end as days_after
    from changes

),

-- By day and branch, to use the index of the sold days.
sold as (

    select
        changes.product_key,
        changes.changed_on,
        product_days.currency_code,
        product_days.quantity,
        product_days.net_amount,
        product_days.business_date < changes.changed_on as is_before
    from changes
    inner join dates
        on
            changes.first_day_before <= dates.date_day
            and changes.last_day_after >= dates.date_day
    inner join branches on changes.source_system = branches.source_system
    inner join product_days
        on
            dates.date_day = product_days.business_date
            and branches.branch_key = product_days.branch_key
            and changes.product_key = product_days.product_key

),

summed_up as (

    select
        product_key,
        changed_on,
        currency_code,
        sum(case when is_before then quantity else 0 end) as units_before,
        sum(case when is_before then 0 else quantity end) as units_after,
        sum(case when is_before then net_amount else 0 end) as net_sales_before,
        sum(case when is_before then 0 else net_amount end) as net_sales_after
    from sold
    group by product_key, changed_on, currency_code

),

-- A change without sales around it has a row, too.
figures as (

    select
        changes.product_key,
        changes.source_system,
        changes.product_name,
        coalesce(summed_up.currency_code, '{{ var("company_currency") }}') as currency_code,
        changes.old_price,
        changes.new_price,
        greatest(coalesce(changes.days_before, 0), 0) as days_before,
        greatest(coalesce(changes.days_after, 0), 0) as days_after,
        coalesce(summed_up.units_before, 0) as units_before,
        coalesce(summed_up.units_after, 0) as units_after,
        coalesce(summed_up.net_sales_before, 0) as net_sales_before,
        coalesce(summed_up.net_sales_after, 0) as net_sales_after,
        changes.changed_on
    from counted_changes as changes
    left join summed_up
        on
            changes.product_key = summed_up.product_key
            and changes.changed_on = summed_up.changed_on

),

final as (

    select
        product_key,
        source_system,
        product_name,
        currency_code,
        cast(old_price as numeric(18, 4)) as old_price,
        cast(new_price as numeric(18, 4)) as new_price,
        {{ ratio('100 * (new_price - old_price)', 'old_price') }} as price_change_percent,
        cast(days_before as integer) as days_before,
        cast(days_after as integer) as days_after,
        cast(units_before as bigint) as units_before,
        cast(units_after as bigint) as units_after,
        {{ ratio('1.0 * units_before', 'days_before', 4) }} as units_per_day_before,
        {{ ratio('1.0 * units_after', 'days_after', 4) }} as units_per_day_after,
        {{ ratio(
            '100.0 * (units_after * days_before - greatest(units_before, 0) * days_after)',
            'greatest(units_before, 0) * days_after',
        ) }} as units_change_percent,
        cast(net_sales_before as numeric(18, 2)) as net_sales_before,
        cast(net_sales_after as numeric(18, 2)) as net_sales_after,
        days_before = {{ days }} and days_after = {{ days }} as is_complete,
        changed_on
    from figures

)

select * from final
