{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('int_branch_days__measured') }}

),

months as (

    select
        cast(extract(month from business_date) as integer) as month_number,
        currency_code,
        sum(receipts) as transactions,
        sum(refunds) as returns,
        sum(items_sold) as items_sold,
        sum(net_amount) as net_sales,
        sum(refunded_amount) as returned_amount
    from branch_days
    group by cast(extract(month from business_date) as integer), currency_code

),

final as (

    select
        month_number,
        cast(to_char(make_date(2000, month_number, 1), 'FMMonth') as text) as month_name,
        currency_code,
        cast(rank() over (partition by currency_code order by net_sales desc) as integer)
            as sales_rank,
        cast(transactions as bigint) as transactions,
        cast(returns as bigint) as returns,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(returned_amount as numeric(18, 2)) as returned_amount
    from months

)

select * from final
