-- The levels of every branch and day are those of its last list, and every product of it has one
-- status.

with lists as (

    select
        branch_key,
        business_date,
        count(*) as products,
        sum(stock_quantity) as stock_quantity
    from ({{ rows_in_scope(ref('int_stock_levels__unioned'), 'stock_list') }}) as stock_levels
    where is_current
    group by branch_key, business_date

),

levels as (

    select
        branch_key,
        business_date,
        count(*) as products,
        sum(stock_quantity) as stock_quantity
    from ({{ rows_in_scope(ref('fct_stock_levels'), 'stock_list') }}) as stock_levels
    group by branch_key, business_date

),

trend as (

    select * from {{ ref('rpt_inventory_trend') }}
    where {{ in_scope('stock_list') }}

)

select
    coalesce(lists.branch_key, levels.branch_key, trend.branch_key) as branch_key,
    coalesce(lists.business_date, levels.business_date, trend.business_date) as business_date
from lists
full outer join levels
    on
        lists.branch_key = levels.branch_key
        and lists.business_date = levels.business_date
full outer join trend
    on
        coalesce(lists.branch_key, levels.branch_key) = trend.branch_key
        and coalesce(lists.business_date, levels.business_date) = trend.business_date
where
    lists.products is distinct from levels.products
    or lists.stock_quantity is distinct from levels.stock_quantity
    or lists.products is distinct from trend.products
