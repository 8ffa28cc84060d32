with branch_weekdays as (

    select * from {{ ref('int_branch_weekdays__sold') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

country_weekdays as (

    select * from {{ ref('dim_country_weekdays') }}

),

ranked as (

    select
        branch_weekdays.branch_key,
        branch_weekdays.source_system,
        branch_weekdays.branch_name,
        branch_weekdays.currency_code,
        country_weekdays.weekday_name,
        branch_weekdays.weekday_number,
        country_weekdays.weekday_of_week,
        branch_weekdays.hour_of_day,
        branch_weekdays.trading_days,
        branch_weekdays.transactions,
        branch_weekdays.items_sold,
        branch_weekdays.net_amount as net_sales,
        branch_weekdays.net_amount_company,
        branch_weekdays.returns,
        branch_weekdays.returned_amount,
        rank() over (
            partition by branch_weekdays.branch_key, branch_weekdays.weekday_number
            order by branch_weekdays.transactions desc
        ) as busy_rank,
        country_weekdays.is_weekend
    from branch_weekdays
    inner join branches on branch_weekdays.branch_key = branches.branch_key
    inner join country_weekdays
        on
            {{ short_key("coalesce(branches.country_code, 'unknown')") }}
            = country_weekdays.country_code
            and branch_weekdays.weekday_number = country_weekdays.weekday_number

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        weekday_name,
        weekday_number,
        weekday_of_week,
        hour_of_day,
        cast(trading_days as integer) as trading_days,
        cast(transactions as integer) as transactions,
        cast(returns as integer) as returns,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        cast(round(cast(transactions as numeric) / trading_days, 2) as numeric(18, 2))
            as average_transactions,
        {{ average_receipt() }} as average_transaction_value,
        cast(round(net_sales / trading_days, 2) as numeric(18, 2)) as average_net_sales,
        cast(busy_rank as integer) as busy_rank,
        is_weekend,
        busy_rank = 1 as is_peak_hour
    from ranked

)

select * from final
