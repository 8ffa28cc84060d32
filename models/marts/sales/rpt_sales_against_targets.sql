{#
    Whole in every run: it has only the days of months with targets. A branch's usual weekdays are those of the weeks
    before the month, so that a later day does not change the share of an earlier one.
#}
{%- set weeks = 8 %}

with listed_targets as (

    select * from {{ ref('sales_targets') }}
    where source_system in (
        {{ "'" ~ var("source_systems") | join("', '") ~ "'" }}
    )

),

branches as (

    select * from {{ ref('dim_branches') }}

),

branch_days as (

    select * from {{ ref('rpt_daily_sales') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

named_targets as (

    select
        *,
        {{ normalize_branch_name('branch_name') }} as normalized_branch_name
    from listed_targets

),

named_branches as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        {{ normalize_branch_name('branch_name') }} as normalized_branch_name,
        -- The earlier of those that are known.
        least(opening_date, first_business_date) as opened_on
    from branches

),

latest_source as (

    select max(as_of_date) as as_of_date
    from sources

),

-- A source without sales is as far as the others.
targets as (

    select
        coalesce(
            named_branches.branch_key,
            {{ branch_key('named_targets.branch_name', 'named_targets.source_system') }}
        ) as branch_key,
        named_targets.source_system,
        coalesce(named_branches.branch_name, named_targets.branch_name) as branch_name,
        coalesce(named_targets.currency_code, named_branches.currency_code) as currency_code,
        case
            when named_branches.branch_key is null then 'unknown_branch'
            when named_targets.currency_code <> named_branches.currency_code
                then 'currency_differs'
        end as problem,
        named_targets.target_amount as target_net_sales,
        named_targets.sales_month,
        cast({{ dbt.last_day('named_targets.sales_month', 'month') }} as date) as month_end,
        named_branches.opened_on,
        coalesce(sources.as_of_date, latest_source.as_of_date) as as_of_date
    from named_targets
    cross join latest_source
    left join sources on named_targets.source_system = sources.source_system
    left join named_branches
        on
            named_targets.source_system = named_branches.source_system
            and named_targets.normalized_branch_name = named_branches.normalized_branch_name

),

weekdays_before as (

    select
        targets.branch_key,
        targets.sales_month,
        {{ weekday_number('branch_days.business_date') }} as weekday_number,
        count(*) as days_sold
    from targets
    inner join branch_days
        on
            targets.branch_key = branch_days.branch_key
            and targets.sales_month > branch_days.business_date
            and cast(
                {{ dbt.dateadd('day', -7 * weeks, 'targets.sales_month') }} as date
            ) <= branch_days.business_date
    group by
        targets.branch_key,
        targets.sales_month,
        {{ weekday_number('branch_days.business_date') }}

),

compared_weekdays as (

    select
        *,
        max(days_sold) over (partition by branch_key, sales_month) as most_days_sold
    from weekdays_before

),

-- A branch without sales in those weeks has no rows, and trades every day.
weekdays as (

    select
        branch_key,
        sales_month,
        weekday_number,
        2 * days_sold >= most_days_sold as is_usual
    from compared_weekdays

),

traded_months as (

    select distinct
        branch_key,
        sales_month
    from weekdays

),

days as (

    select
        targets.*,
        case
            when
                targets.opened_on <= targets.month_end
                and dates.date_day < targets.opened_on
                then 0
            when traded_months.branch_key is null or weekdays.is_usual then 1
            else 0
        end as trading_day,
        branch_days.net_sales,
        case
            when branch_days.branch_key is null then 0 else branch_days.net_amount_company
        end as net_amount_company,
        dates.date_day as business_date
    from targets
    inner join dates on dates.date_day between targets.sales_month and targets.month_end
    left join traded_months
        on
            targets.branch_key = traded_months.branch_key
            and targets.sales_month = traded_months.sales_month
    left join weekdays
        on
            targets.branch_key = weekdays.branch_key
            and targets.sales_month = weekdays.sales_month
            and dates.weekday_number = weekdays.weekday_number
    left join branch_days
        on
            targets.branch_key = branch_days.branch_key
            and dates.date_day = branch_days.business_date

),

added_up as (

    select
        *,
        sum(trading_day) over (partition by branch_key, sales_month) as trading_days,
        sum(trading_day) over so_far as trading_days_gone,
        case when problem is null then sum(coalesce(net_sales, 0)) over so_far end
            as net_sales_to_date,
        case when problem is null then {{ company_sum(over='over so_far') }} end
            as net_amount_company_to_date
    from days
    window so_far as (partition by branch_key, sales_month order by business_date)

),

compared as (

    select
        *,
        case
            when problem is null
                then {{ ratio('target_net_sales * trading_days_gone', 'trading_days') }}
        end as expected_to_date
    from added_up
    where business_date <= as_of_date

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        problem,
        cast(target_net_sales as numeric(18, 2)) as target_net_sales,
        cast(trading_days as integer) as trading_days,
        cast(trading_days_gone as integer) as trading_days_gone,
        {{ ratio('100.0 * trading_days_gone', 'trading_days', 1) }} as gone_percent,
        cast(net_sales_to_date as numeric(18, 2)) as net_sales_to_date,
        cast(net_amount_company_to_date as numeric(18, 2)) as net_sales_company_to_date,
        expected_to_date,
        cast(net_sales_to_date - expected_to_date as numeric(18, 2)) as difference_to_date,
        {{ change_percent('net_sales_to_date', 'expected_to_date') }} as difference_percent,
        {{ ratio('100 * net_sales_to_date', 'target_net_sales', 1) }} as reached_percent,
        business_date = least(month_end, as_of_date) as is_latest_day,
        sales_month,
        business_date
    from compared

)

select * from final
