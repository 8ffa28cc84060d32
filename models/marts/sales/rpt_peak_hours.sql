with branch_weekdays as (

    select * from {{ ref('int_branch_weekdays__sold') }}

),

weekdays as (

    select distinct
        weekday_number,
        weekday_name
    from {{ ref('dim_dates') }}

),

ranked as (

    select
        branch_weekdays.branch_key,
        branch_weekdays.source_system,
        branch_weekdays.branch_name,
        branch_weekdays.currency_code,
        weekdays.weekday_name,
        branch_weekdays.weekday_number,
        branch_weekdays.hour_of_day,
        branch_weekdays.trading_days,
        branch_weekdays.transactions,
        branch_weekdays.items_sold,
        branch_weekdays.net_amount as net_sales,
        rank() over (
            partition by branch_weekdays.branch_key, branch_weekdays.weekday_number
            order by branch_weekdays.transactions desc
        ) as busy_rank
    from branch_weekdays
    inner join weekdays on branch_weekdays.weekday_number = weekdays.weekday_number

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        weekday_name,
        weekday_number,
        hour_of_day,
        cast(trading_days as integer) as trading_days,
        cast(transactions as integer) as transactions,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(round(cast(transactions as numeric) / trading_days, 2) as numeric(18, 2))
            as average_transactions,
        cast(round(net_sales / trading_days, 2) as numeric(18, 2)) as average_net_sales,
        cast(busy_rank as integer) as busy_rank,
        busy_rank = 1 as is_peak_hour
    from ranked

)

select * from final
