{# Whole: one row per list, which are counted in an incremental model. #}
with judged_days as (

    select * from {{ ref('int_stock_days__judged') }}

),

stock_days as (

    select * from {{ ref('int_stock_days__windows') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

final as (

    select
        judged_days.branch_key,
        stock_days.source_system,
        branches.branch_name,
        judged_days.products,
        judged_days.out_of_stock_products,
        judged_days.stockout_risk_products,
        judged_days.dead_stock_products,
        judged_days.overstock_products,
        judged_days.healthy_products,
        {{ ratio('100.0 * judged_days.out_of_stock_products', 'judged_days.products') }}
            as out_of_stock_percent,
        stock_days.counted_products,
        cast({{ days_between('stock_days.previous_date', 'stock_days.business_date') }} as integer)
            as days_since_previous,
        stock_days.sale_days_without_list,
        stock_days.is_latest,
        judged_days.business_date
    from judged_days
    inner join stock_days
        on
            judged_days.branch_key = stock_days.branch_key
            and judged_days.business_date = stock_days.business_date
    inner join branches on judged_days.branch_key = branches.branch_key

)

select * from final
