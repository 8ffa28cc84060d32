{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('int_branch_days__measured') }}

),

months as (

    select
        cast(extract(month from business_date) as integer) as month_number,
        sum(receipts) as transactions,
        sum(refunds) as returns,
        {{ counted_by_rate('receipts') }},
        sum(items_sold) as items_sold,
        sum(net_amount_company) as net_sales,
        sum(refunded_amount_company) as returned_amount
    from branch_days
    group by cast(extract(month from business_date) as integer)

),

final as (

    select
        month_number,
        cast(to_char(make_date(2000, month_number, 1), 'FMMonth') as text) as month_name,
        {{ company_currency() }} as currency_code,
        cast(rank() over (order by round(net_sales, 2) desc nulls last) as integer) as sales_rank,
        cast(transactions as bigint) as transactions,
        cast(returns as bigint) as returns,
        cast(transactions_without_rate as bigint) as transactions_without_rate,
        cast(transactions_at_estimated_rate as bigint) as transactions_at_estimated_rate,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(net_sales as numeric(18, 2)) as net_sales_company,
        cast(returned_amount as numeric(18, 2)) as returned_amount
    from months

)

select * from final
