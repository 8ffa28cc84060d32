{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('int_branch_days__measured') }}

),

totals as (

    select
        currency_code,
        sum(receipts) as transactions,
        sum(refunds) as returns,
        sum(items_sold) as items_sold,
        sum(net_amount) as net_sales,
        sum(refunded_amount) as returned_amount,
        sum(online_receipts) as online_transactions,
        sum(online_refunds) as online_returns,
        sum(online_items_sold) as online_items_sold,
        sum(online_net_amount) as online_net_sales,
        sum(online_refunded_amount) as online_returned_amount
    from branch_days
    group by currency_code

),

channels as (

    select
        'online' as channel,
        currency_code,
        online_transactions as transactions,
        online_returns as returns,
        online_items_sold as items_sold,
        online_net_sales as net_sales,
        online_returned_amount as returned_amount
    from totals
    union all
    select
        'store' as channel,
        currency_code,
        transactions - online_transactions as transactions,
        returns - online_returns as returns,
        items_sold - online_items_sold as items_sold,
        net_sales - online_net_sales as net_sales,
        returned_amount - online_returned_amount as returned_amount
    from totals

),

final as (

    select
        channel,
        currency_code,
        cast(transactions as bigint) as transactions,
        cast(returns as bigint) as returns,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        {{ ratio('100 * net_sales', 'sum(net_sales) over (partition by currency_code)') }}
            as sales_share_percent
    from channels

)

select * from final
