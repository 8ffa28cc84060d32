{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('int_branch_days__measured') }}

),

-- By date first: a date has many branches, and its month is worked out once.
days as (

    select
        currency_code,
        sum(receipts) as transactions,
        sum(refunds) as returns,
        sum(items_sold) as items_sold,
        sum(net_amount) as net_sales,
        sum(refunded_amount) as returned_amount,
        business_date
    from branch_days
    group by currency_code, business_date

),

months as (

    select
        currency_code,
        sum(transactions) as transactions,
        sum(returns) as returns,
        sum(items_sold) as items_sold,
        sum(net_sales) as net_sales,
        sum(returned_amount) as returned_amount,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from days
    group by currency_code, cast({{ dbt.date_trunc('month', 'business_date') }} as date)

),

final as (

    select
        cast(extract(year from sales_month) as integer) as year_number,
        cast(extract(month from sales_month) as integer) as month_number,
        currency_code,
        cast(rank() over (partition by currency_code order by net_sales desc) as integer)
            as sales_rank,
        cast(
            rank() over (
                partition by currency_code, extract(year from sales_month) order by net_sales desc
            ) as integer
        ) as sales_rank_in_year,
        cast(transactions as bigint) as transactions,
        cast(returns as bigint) as returns,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        sales_month
    from months

)

select * from final
