{{ config(materialized='view', meta={'touched_by': 'stock_list'}) }}

with stock_levels as (

    select * from {{ ref('int_stock_levels__daily') }}

),

stock_days as (

    select * from {{ ref('int_stock_days__windows') }}

),

final as (

    select
        stock_levels.product_key,
        stock_levels.branch_key,
        stock_levels.source_system,
        stock_levels.product_id,
        stock_levels.stock_quantity,
        stock_levels.recorded_quantity,
        stock_levels.counted_quantity,
        cast(stock_levels.counted_quantity - stock_levels.recorded_quantity as numeric(18, 3))
            as gap_quantity,
        cast(
            {{ days_between('stock_days.previous_date', 'stock_levels.business_date') }} as integer
        ) as days_since_previous,
        stock_levels.counted_quantity is not null as is_counted,
        stock_days.is_latest,
        stock_levels.business_date,
        stock_levels.loaded_at
    from stock_levels
    inner join stock_days
        on
            stock_levels.branch_key = stock_days.branch_key
            and stock_levels.business_date = stock_days.business_date

)

select * from final
