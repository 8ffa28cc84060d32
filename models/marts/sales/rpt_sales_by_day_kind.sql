{# A view of the daily report, for which a night writes nothing. #}
{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('rpt_daily_sales') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

country_weekdays as (

    select * from {{ ref('dim_country_weekdays') }}

),

holidays as (

    select * from {{ ref('public_holidays') }}

),

listed_years as (

    select distinct
        country_code,
        cast({{ dbt.date_trunc('year', 'holiday_date') }} as date) as year_start_date
    from {{ ref('public_holidays') }}

),

days as (

    select
        branch_days.*,
        {{ day_kind('holidays.holiday_date is not null', 'country_weekdays.is_weekend') }}
            as day_kind,
        country_weekdays.country_code,
        cast({{ dbt.date_trunc('month', 'branch_days.business_date') }} as date) as sales_month
    from branch_days
    inner join branches on branch_days.branch_key = branches.branch_key
    inner join country_weekdays
        on
            {{ short_key("coalesce(branches.country_code, 'unknown')") }}
            = country_weekdays.country_code
            and {{ weekday_number('branch_days.business_date') }} = country_weekdays.weekday_number
    left join holidays
        on
            country_weekdays.country_code = holidays.country_code
            and branch_days.business_date = holidays.holiday_date

),

months as (

    select
        branch_key,
        source_system,
        day_kind,
        branch_name,
        country_code,
        currency_code,
        count(*) as trading_days,
        sum(transactions) as transactions,
        sum(returns) as returns,
        sum(items_sold) as items_sold,
        sum(net_sales) as net_sales,
        sum(net_amount_company) as net_amount_company,
        sum(returned_amount) as returned_amount,
        sales_month
    from days
    group by
        branch_key,
        source_system,
        day_kind,
        branch_name,
        country_code,
        currency_code,
        sales_month

),

final as (

    select
        months.branch_key,
        months.source_system,
        months.day_kind,
        months.branch_name,
        months.country_code,
        months.currency_code,
        cast(months.trading_days as integer) as trading_days,
        cast(months.transactions as bigint) as transactions,
        cast(months.returns as bigint) as returns,
        cast(months.items_sold as bigint) as items_sold,
        cast(months.net_sales as numeric(18, 2)) as net_sales,
        cast(months.net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(months.returned_amount as numeric(18, 2)) as returned_amount,
        {{ ratio('months.transactions', 'cast(months.trading_days as numeric)') }}
            as transactions_per_day,
        {{ ratio('months.net_sales', 'months.trading_days') }} as net_sales_per_day,
        listed_years.country_code is not null as has_listed_holidays,
        months.sales_month
    from months
    left join listed_years
        on
            months.country_code = listed_years.country_code
            and cast({{ dbt.date_trunc('year', 'months.sales_month') }} as date)
            = listed_years.year_start_date

)

select * from final
