{# Whole: reads the levels without stock only, which are few. #}
with empty_levels as (

    select * from {{ ref('int_stock_levels__out_of_stock') }}

),

stock_days as (

    select * from {{ ref('int_stock_days__windows') }}
    where is_latest

),

branches as (

    select * from {{ ref('dim_branches') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

numbered_levels as (

    select
        *,
        sum(case when is_first_day then 1 else 0 end) over (
            partition by branch_key, product_key order by business_date
        ) as stockout_number
    from empty_levels

),

-- The days before a stockout are noted on its first day.
stockouts as (

    select
        product_key,
        branch_key,
        source_system,
        max(product_id) as product_id,
        stockout_number,
        count(*) as days,
        sum(sold_quantity) as sold_quantity,
        max(days_in_stock_before) as days_in_stock_before,
        max(sold_quantity_before) as sold_quantity_before,
        max(sold_amount_before) as sold_amount_before,
        min(business_date) as first_date,
        max(business_date) as last_date
    from numbered_levels
    group by product_key, branch_key, source_system, stockout_number

),

-- What sold nevertheless was not lost.
estimated as (

    select
        stockouts.*,
        coalesce(
            greatest(
                stockouts.days * stockouts.sold_quantity_before
                / nullif(stockouts.days_in_stock_before, 0)
                - stockouts.sold_quantity,
                0
            ),
            0
        ) as lost_quantity,
        coalesce(
            stockouts.sold_amount_before / nullif(stockouts.sold_quantity_before, 0), 0
        ) as mean_price,
        stock_days.business_date is not null as is_open
    from stockouts
    left join stock_days
        on
            stockouts.branch_key = stock_days.branch_key
            and stockouts.last_date = stock_days.business_date

),

summed_up as (

    select
        product_key,
        branch_key,
        source_system,
        max(product_id) as product_id,
        cast(count(*) as integer) as stockouts,
        cast(sum(days) as integer) as days_out_of_stock,
        cast(max(days) as integer) as longest_run_days,
        cast(coalesce(sum(days) filter (where is_open), 0) as integer) as current_run_days,
        cast(sum(lost_quantity) as numeric(18, 3)) as estimated_lost_quantity,
        cast(sum(lost_quantity * mean_price) as numeric(18, 2)) as estimated_lost_sales,
        min(first_date) as first_out_of_stock_date,
        max(last_date) as last_out_of_stock_date
    from estimated
    group by product_key, branch_key, source_system

),

final as (

    select
        summed_up.product_key,
        summed_up.branch_key,
        summed_up.source_system,
        branches.branch_name,
        summed_up.product_id,
        coalesce(products.product_name, summed_up.product_id) as product_name,
        branches.currency_code,
        summed_up.stockouts,
        summed_up.days_out_of_stock,
        summed_up.longest_run_days,
        summed_up.current_run_days,
        summed_up.estimated_lost_quantity,
        summed_up.estimated_lost_sales,
        summed_up.current_run_days > 0 as is_out_of_stock,
        summed_up.first_out_of_stock_date,
        summed_up.last_out_of_stock_date
    from summed_up
    inner join branches on summed_up.branch_key = branches.branch_key
    left join products on summed_up.product_key = products.product_key

)

select * from final
