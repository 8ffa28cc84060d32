{#
    A view of the daily report: a week of a country may begin on any weekday, and a night writes nothing for it. It reads
    weekdays, not dim_country_dates, which would be joined for every day of every country.
#}
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

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

days as (

    select
        branch_days.*,
        country_weekdays.country_code,
        sources.as_of_date,
        -- The next week has the same weekday.
        cast({{ dbt.dateadd('day', 7, 'branch_days.business_date') }} as date)
        <= sources.as_of_date as is_compared,
        {{ country_week_start('branch_days.business_date', 'country_weekdays.weekday_of_week') }}
            as week_start_date
    from branch_days
    inner join branches on branch_days.branch_key = branches.branch_key
    inner join country_weekdays
        on
            {{ short_key("coalesce(branches.country_code, 'unknown')") }}
            = country_weekdays.country_code
            and {{ weekday_number('branch_days.business_date') }} = country_weekdays.weekday_number
    inner join sources on branch_days.source_system = sources.source_system

),

weeks as (

    select
        branch_key,
        source_system,
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
        sum(transactions) filter (where is_compared) as compared_transactions,
        sum(net_sales) filter (where is_compared) as compared_net_sales,
        as_of_date,
        week_start_date
    from days
    group by
        branch_key,
        source_system,
        branch_name,
        country_code,
        currency_code,
        as_of_date,
        week_start_date

),

-- The frame is the week before. A week without a sale has no row.
compared as (

    select
        *,
        first_value(compared_transactions) over week_before as transactions_week_before,
        first_value(compared_net_sales) over week_before as net_sales_week_before,
        cast({{ dbt.dateadd('day', 6, 'week_start_date') }} as date) as week_end_date
    from weeks
    window week_before as (
        partition by branch_key
        order by {{ period_number('day', 'week_start_date') }}
        range between 7 preceding and 7 preceding
    )

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        country_code,
        currency_code,
        cast(trading_days as integer) as trading_days,
        cast(transactions as bigint) as transactions,
        cast(returns as bigint) as returns,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        {{ average_receipt() }} as average_transaction_value,
        cast(transactions_week_before as bigint) as transactions_week_before,
        cast(net_sales_week_before as numeric(18, 2)) as net_sales_week_before,
        {{ change_percent('net_sales', 'net_sales_week_before') }} as net_sales_change_percent,
        week_end_date <= as_of_date as is_complete,
        week_start_date,
        week_end_date
    from compared

)

select * from final
