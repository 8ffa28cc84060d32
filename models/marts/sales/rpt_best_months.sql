{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('int_branch_days__measured') }}

),

-- By date first: a date has many branches, and its month is worked out once.
days as (

    select
        sum(receipts) as transactions,
        sum(refunds) as returns,
        {{ counted_by_rate('receipts') }},
        sum(items_sold) as items_sold,
        sum(net_amount_company) as net_sales,
        sum(refunded_amount_company) as returned_amount,
        business_date
    from branch_days
    group by business_date

),

months as (

    select
        sum(transactions) as transactions,
        sum(returns) as returns,
        sum(transactions_without_rate) as transactions_without_rate,
        sum(transactions_at_estimated_rate) as transactions_at_estimated_rate,
        sum(items_sold) as items_sold,
        sum(net_sales) as net_sales,
        sum(returned_amount) as returned_amount,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from days
    group by cast({{ dbt.date_trunc('month', 'business_date') }} as date)

),

final as (

    select
        cast(extract(year from sales_month) as integer) as year_number,
        cast(extract(month from sales_month) as integer) as month_number,
        {{ company_currency() }} as currency_code,
        cast(rank() over (order by round(net_sales, 2) desc nulls last) as integer) as sales_rank,
        cast(
            rank() over (
                partition by extract(year from sales_month)
                order by round(net_sales, 2) desc nulls last
            ) as integer
        ) as sales_rank_in_year,
        cast(transactions as bigint) as transactions,
        cast(returns as bigint) as returns,
        cast(transactions_without_rate as bigint) as transactions_without_rate,
        cast(transactions_at_estimated_rate as bigint) as transactions_at_estimated_rate,
        cast(items_sold as bigint) as items_sold,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(net_sales as numeric(18, 2)) as net_sales_company,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        sales_month
    from months

)

select * from final
