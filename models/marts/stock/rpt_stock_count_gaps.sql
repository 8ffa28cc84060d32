{# Whole, because it has the latest list of each branch only. #}
with levels as (

    select
        *,
        counted_quantity - recorded_quantity as gap_quantity
    from {{ ref('int_stock__velocity') }}
    where counted_quantity <> recorded_quantity

),

counts as (

    select
        product_key,
        branch_key,
        max(business_date) as counted_on
    from {{ ref('int_stock_counts__new') }}
    group by product_key, branch_key

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
        case when levels.gap_quantity < 0 then 'missing' else 'surplus' end as direction,
        levels.recorded_quantity,
        levels.counted_quantity,
        cast(levels.gap_quantity as numeric(18, 3)) as gap_quantity,
        {{ ratio('100 * levels.gap_quantity', 'abs(levels.recorded_quantity)') }} as gap_percent,
        current_costs.unit_cost,
        cast(levels.gap_quantity * current_costs.unit_cost as numeric(18, 2)) as gap_value,
        coalesce(not products.is_inferred, false) as is_mapped,
        levels.business_date,
        counts.counted_on
    from levels
    inner join branches on levels.branch_key = branches.branch_key
    left join products on levels.product_key = products.product_key
    left join current_costs on levels.product_key = current_costs.product_key
    left join counts
        on
            levels.product_key = counts.product_key
            and levels.branch_key = counts.branch_key

)

select * from final
