with branch_days as (

    select * from {{ ref('int_branch_days__measured') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

-- By branch first: a branch has hundreds of days.
branch_sales as (

    select
        branch_key,
        sum(receipts) as transactions,
        sum(refunds) as returns,
        {{ counted_by_rate('receipts') }},
        sum(items_sold) as items_sold,
        sum(net_amount_company) as net_sales,
        sum(refunded_amount_company) as returned_amount
    from branch_days
    group by branch_key

),

typed_sales as (

    select
        branch_sales.*,
        coalesce(branches.store_type, 'unknown') as store_type
    from branch_sales
    left join branches on branch_sales.branch_key = branches.branch_key

),

added_up as (

    select
        store_type,
        sum(transactions) as transactions,
        sum(returns) as returns,
        sum(transactions_without_rate) as transactions_without_rate,
        sum(transactions_at_estimated_rate) as transactions_at_estimated_rate,
        sum(items_sold) as items_sold,
        sum(net_sales) as net_sales,
        sum(returned_amount) as returned_amount
    from typed_sales
    group by store_type

),

final as (

    select
        {{ short_key('store_type') }} as store_type,
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
    from added_up

)

select * from final
