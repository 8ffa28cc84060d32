{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('int_branch_days__measured') }}

),

channels as (

    select
        'online' as channel,
        currency_code,
        sum(online_receipts) as transactions,
        sum(online_items_sold) as items_sold,
        sum(online_net_amount) as net_sales
    from branch_days
    group by currency_code
    union all
    select
        'store' as channel,
        currency_code,
        sum(receipts - online_receipts) as transactions,
        sum(items_sold - online_items_sold) as items_sold,
        sum(net_amount - online_net_amount) as net_sales
    from branch_days
    group by currency_code

),

final as (

    select
        channel,
        currency_code,
        cast(transactions as bigint) as transactions,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        {{ ratio('100 * net_sales', 'sum(net_sales) over (partition by currency_code)') }}
            as sales_share_percent
    from channels

)

select * from final
