{# Whole, because it has the latest list of each branch only. #}
with levels as (

    select * from {{ ref('int_stock__velocity') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

current_costs as (

    select * from {{ ref('dim_product_costs') }}
    where is_current

),

final as (

    select
        levels.product_key,
        levels.branch_key,
        levels.source_system,
        branches.branch_name,
        levels.product_id,
        coalesce(products.product_name, levels.product_id) as product_name,
        products.category,
        branches.currency_code,
        levels.velocity_class,
        levels.status,
        {{ stock_action('levels.status') }} as action,
        {{ stock_reason('levels.status', 'levels.stock_quantity', 'levels.sold_quantity') }}
            as reason,
        cast({{ stock_priority('levels.status') }} as integer) as priority,
        levels.stock_quantity,
        levels.sold_quantity,
        levels.units_per_day,
        levels.days_of_cover,
        current_costs.unit_cost,
        cast(greatest(levels.stock_quantity, 0) * current_costs.unit_cost as numeric(18, 2))
            as stock_value,
        coalesce(not products.is_inferred, false) as is_mapped,
        levels.counted_quantity is not null as is_counted,
        coalesce(current_costs.is_assumed, false) as is_cost_assumed,
        levels.business_date,
        levels.window_start_date,
        levels.window_end_date
    from levels
    inner join branches on levels.branch_key = branches.branch_key
    left join products on levels.product_key = products.product_key
    left join current_costs on levels.product_key = current_costs.product_key

)

select * from final
