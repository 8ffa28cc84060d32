{#
    Judged by the branch's last day with a sale, also where the latest list is older: the stock that is known meets the
    demand that is known. Levels and sales are looked up, because they are few of all that are stored.
#}
{% set days = var('stock_velocity_days') -%}

with stock_days as (

    select * from {{ ref('int_stock_days__windows') }}
    where is_latest

),

opened_branches as (

    select * from {{ ref('int_branches__opened') }}

),

places as (

    select * from {{ ref('int_stock_places__supplying') }}

),

last_sales as (

    select
        places.branch_key,
        max(opened_branches.last_date) as last_date
    from places
    inner join opened_branches on places.supplied_branch_key = opened_branches.branch_key
    group by places.branch_key

),

latest_days as (

    select
        stock_days.branch_key,
        stock_days.business_date,
        cast(
            {{ dbt.dateadd('day', 1 - days, 'last_sales.last_date') }} as date
        ) as window_start_date,
        last_sales.last_date as window_end_date
    from stock_days
    left join last_sales on stock_days.branch_key = last_sales.branch_key

),

-- Several places may supply one branch: its days are read once.
selling_days as (

    select
        places.supplied_branch_key as branch_key,
        min(latest_days.window_start_date) as window_start_date,
        max(latest_days.window_end_date) as window_end_date
    from latest_days
    inner join places on latest_days.branch_key = places.branch_key
    group by places.supplied_branch_key

),

stock_levels as (

    {{ look_up_branch_days(ref('int_stock_levels__daily'), 'select * from latest_days') }}

),

product_days as (

    {{ look_up(
        ref('int_product_days__sold'),
        'select * from selling_days',
        'found.branch_key = wanted.branch_key
        and found.business_date >= wanted.window_start_date
        and found.business_date <= wanted.window_end_date'
    ) }}

),

sold as (

    select
        product_days.product_key,
        places.branch_key,
        sum(product_days.sold_quantity) as sold_quantity
    from product_days
    inner join places on product_days.branch_key = places.supplied_branch_key
    inner join latest_days
        on
            places.branch_key = latest_days.branch_key
            and product_days.business_date >= latest_days.window_start_date
            and product_days.business_date <= latest_days.window_end_date
    group by product_days.product_key, places.branch_key

),

levels as (

    select
        stock_levels.product_key,
        stock_levels.branch_key,
        stock_levels.source_system,
        stock_levels.product_id,
        stock_levels.stock_quantity,
        stock_levels.recorded_quantity,
        stock_levels.counted_quantity,
        coalesce(sold.sold_quantity, 0) as sold_quantity,
        stock_levels.business_date,
        latest_days.window_start_date,
        latest_days.window_end_date
    from stock_levels
    inner join latest_days
        on
            stock_levels.branch_key = latest_days.branch_key
            and stock_levels.business_date = latest_days.business_date
    left join sold
        on
            stock_levels.product_key = sold.product_key
            and stock_levels.branch_key = sold.branch_key

),

final as (

    select
        product_key,
        branch_key,
        source_system,
        product_id,
        {{ velocity_class('stock_quantity', 'sold_quantity') }} as velocity_class,
        {{ stock_status('stock_quantity', 'sold_quantity') }} as status,
        stock_quantity,
        recorded_quantity,
        counted_quantity,
        cast(sold_quantity as numeric(18, 3)) as sold_quantity,
        {{ ratio('sold_quantity', days ~ '.0') }} as units_per_day,
        {{ ratio(days ~ ' * stock_quantity', 'sold_quantity') }} as days_of_cover,
        business_date,
        window_start_date,
        window_end_date
    from levels

)

select * from final
