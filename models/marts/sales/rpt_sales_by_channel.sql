{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('int_branch_days__measured') }}

),

{{ sales_of_channels('branch_days') }},

final as (

    select
        cast(channel as text) as channel,
        {{ company_currency() }} as currency_code,
        cast(transactions as bigint) as transactions,
        cast(returns as bigint) as returns,
        cast(transactions_without_rate as bigint) as transactions_without_rate,
        cast(transactions_at_estimated_rate as bigint) as transactions_at_estimated_rate,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(net_sales as numeric(18, 2)) as net_sales_company,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        {{ ratio('100 * net_sales', 'sum(net_sales) over ()') }} as sales_share_percent
    from channels

)

select * from final
