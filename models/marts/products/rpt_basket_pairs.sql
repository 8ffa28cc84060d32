{# Rebuilt in every run: sums of some thousand pairs over a window of constant length. #}
with daily_sales as (

    select * from {{ ref('rpt_daily_sales') }}

),

product_days as (

    select * from {{ ref('int_product_days__sold') }}

),

product_pairs as (

    select * from {{ ref('fct_product_pairs') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

windows as (

    select
        source_system,
        cast(
            {{ dbt.dateadd(
                'day',
                -7 * (var('basket_pair_weeks') - 1),
                dbt.date_trunc('week', 'as_of_date')
            ) }} as date
        ) as window_start_date,
        as_of_date as window_end_date,
        -- Whole weeks: days after the as-of date are in all figures or in none.
        cast(
            {{ dbt.dateadd('week', 1, dbt.date_trunc('week', 'as_of_date')) }} as date
        ) as window_stop_date
    from sources

),

all_receipts as (

    select
        windows.source_system,
        sum(daily_sales.transactions) as transactions,
        windows.window_start_date,
        windows.window_end_date
    from windows
    inner join daily_sales
        on
            windows.source_system = daily_sales.source_system
            and windows.window_start_date <= daily_sales.business_date
            and windows.window_stop_date > daily_sales.business_date
    group by windows.source_system, windows.window_start_date, windows.window_end_date

),

-- A receipt has one day and one branch, so these are additive.
product_receipts as (

    select
        product_days.product_key,
        windows.source_system,
        sum(product_days.paired_transactions) as transactions,
        sum(product_days.long_transactions) as long_transactions
    from windows
    inner join product_days
        on
            windows.source_system = product_days.source_system
            and windows.window_start_date <= product_days.business_date
            and windows.window_stop_date > product_days.business_date
    group by product_days.product_key, windows.source_system

),

long_receipts as (

    select
        source_system,
        sum(long_transactions) as transactions
    from product_receipts
    group by source_system

),

-- Receipts too long to be paired are only in long_transactions.
receipts as (

    select
        all_receipts.source_system,
        all_receipts.transactions - long_receipts.transactions as transactions,
        long_receipts.transactions as long_transactions,
        all_receipts.window_start_date,
        all_receipts.window_end_date
    from all_receipts
    inner join long_receipts on all_receipts.source_system = long_receipts.source_system

),

pair_receipts as (

    select
        product_pairs.first_product_key,
        product_pairs.second_product_key,
        product_pairs.source_system,
        sum(product_pairs.transactions) as transactions
    from windows
    inner join product_pairs
        on
            windows.source_system = product_pairs.source_system
            and windows.window_start_date <= product_pairs.sales_week
            and windows.window_stop_date > product_pairs.sales_week
    group by
        product_pairs.first_product_key,
        product_pairs.second_product_key,
        product_pairs.source_system

),

final as (

    select
        pair_receipts.first_product_key,
        pair_receipts.second_product_key,
        pair_receipts.source_system,
        first_products.product_name as first_product_name,
        second_products.product_name as second_product_name,
        cast(pair_receipts.transactions as bigint) as transactions_with_both,
        cast(first_receipts.transactions as bigint) as transactions_with_first,
        cast(second_receipts.transactions as bigint) as transactions_with_second,
        cast(receipts.transactions as bigint) as transactions,
        cast(receipts.long_transactions as bigint) as long_transactions,
        cast(round(100.0 * pair_receipts.transactions / receipts.transactions, 4) as numeric(18, 4))
            as support_percent,
        cast(
            round(100.0 * pair_receipts.transactions / first_receipts.transactions, 2)
            as numeric(18, 2)
        ) as confidence_first_to_second_percent,
        cast(
            round(100.0 * pair_receipts.transactions / second_receipts.transactions, 2)
            as numeric(18, 2)
        ) as confidence_second_to_first_percent,
        cast(
            round(
                1.0 * pair_receipts.transactions * receipts.transactions
                / (first_receipts.transactions * second_receipts.transactions),
                4
            ) as numeric(18, 4)
        ) as lift,
        receipts.window_start_date,
        receipts.window_end_date
    from pair_receipts
    inner join receipts on pair_receipts.source_system = receipts.source_system
    inner join product_receipts as first_receipts
        on pair_receipts.first_product_key = first_receipts.product_key
    inner join product_receipts as second_receipts
        on pair_receipts.second_product_key = second_receipts.product_key
    inner join products as first_products
        on pair_receipts.first_product_key = first_products.product_key
    inner join products as second_products
        on pair_receipts.second_product_key = second_products.product_key
    where
        pair_receipts.transactions >= {{ var('basket_pair_min_receipts') }}
        and 100.0 * pair_receipts.transactions
        >= {{ var('basket_pair_min_support_percent') }} * receipts.transactions

)

select * from final
