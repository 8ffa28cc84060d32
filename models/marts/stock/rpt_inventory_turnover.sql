{# Whole: one row per product, branch and month, of two models that add up days. #}
with stock_months as (

    select * from {{ ref('int_stock_months__averaged') }}

),

margins as (

    select * from {{ ref('rpt_product_margins') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

costs as (

    select * from {{ ref('dim_product_costs') }}

),

ended_months as (

    select
        *,
        {{ local_to_utc(
            'cast(' ~ dbt.dateadd('month', 1, 'stock_month') ~ ' as timestamp)', "'UTC'"
        ) }} as ended_at
    from stock_months

),

-- The cost at the end of the month: the last moment before the next one.
valued as (

    select
        ended_months.*,
        costs.unit_cost,
        costs.is_assumed,
        case when costs.unit_cost is not null then coalesce(margins.cost, 0) end
            as cost_of_goods_sold,
        cast(ended_months.average_quantity * costs.unit_cost as numeric(18, 2))
            as average_stock_value
    from ended_months
    left join costs
        on
            ended_months.product_key = costs.product_key
            and ended_months.ended_at > costs.valid_from
            and ended_months.ended_at <= costs.valid_to
    left join margins
        on
            ended_months.product_key = margins.product_key
            and ended_months.branch_key = margins.branch_key
            and ended_months.stock_month = margins.sales_month

),

final as (

    select
        valued.product_key,
        valued.branch_key,
        valued.source_system,
        branches.branch_name,
        valued.product_id,
        coalesce(products.product_name, valued.product_id) as product_name,
        branches.currency_code,
        valued.listed_days,
        valued.average_quantity,
        valued.unit_cost,
        valued.average_stock_value,
        cast(valued.cost_of_goods_sold as numeric(18, 2)) as cost_of_goods_sold,
        {{ ratio('valued.cost_of_goods_sold', 'valued.average_stock_value') }} as stock_turns,
        coalesce(valued.is_assumed, false) as is_cost_assumed,
        valued.stock_month
    from valued
    inner join branches on valued.branch_key = branches.branch_key
    left join products on valued.product_key = products.product_key

)

select * from final
