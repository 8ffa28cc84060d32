{#
    In one pass over the days of a branch, because both lists and days of sales are many over the years. Only credible
    days of sales (macros/sql/measures/trading_ranges.sql) end a window: a typing error in a date must not.
#}
with stock_days as (

    select * from {{ ref('int_stock_days__listed') }}

),

branch_days as (

    select * from {{ ref('int_branch_days__measured') }}

),

opened_branches as (

    select * from {{ ref('int_branches__opened') }}

),

places as (

    select * from {{ ref('int_stock_places__supplying') }}

),

-- A day has a row for each currency.
branch_sale_days as (

    select distinct
        branch_days.branch_key,
        branch_days.business_date
    from branch_days
    inner join opened_branches
        on
            branch_days.branch_key = opened_branches.branch_key
            and branch_days.business_date <= opened_branches.last_date

),

-- A place that sells nothing has the days of the branches that it supplies.
sale_days as (

    select
        branch_key,
        business_date
    from branch_sale_days
    union
    select
        places.branch_key,
        branch_sale_days.business_date
    from places
    inner join branch_sale_days on places.supplied_branch_key = branch_sale_days.branch_key

),

known_days as (

    select
        coalesce(stock_days.branch_key, sale_days.branch_key) as branch_key,
        stock_days.source_system,
        stock_days.branch_name,
        stock_days.products,
        stock_days.counted_products,
        stock_days.covers_all_places,
        stock_days.products is not null as is_listed,
        coalesce(stock_days.business_date, sale_days.business_date) as business_date,
        sale_days.business_date as sale_date,
        stock_days.loaded_at
    from stock_days
    full outer join sale_days
        on
            stock_days.branch_key = sale_days.branch_key
            and stock_days.business_date = sale_days.business_date

),

followed_days as (

    select
        *,
        count(sale_date) over days_so_far as sale_days_so_far,
        max(sale_date) over days_so_far as last_sale_date
    from known_days
    window days_so_far as (partition by branch_key order by business_date)

),

compared_lists as (

    select
        *,
        lag(business_date) over lists_before as previous_date,
        lag(sale_days_so_far) over lists_before as sale_days_before,
        lead(business_date) over lists_before is null
        and (
            covers_all_places is not true
            or business_date = max(business_date) over (partition by source_system)
        ) as is_latest
    from followed_days
    where is_listed
    window lists_before as (partition by branch_key order by business_date)

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        products,
        counted_products,
        cast(
            sale_days_so_far
            - coalesce(sale_days_before, sale_days_so_far)
            - case when previous_date is not null and sale_date is not null then 1 else 0 end
            as integer
        ) as sale_days_without_list,
        covers_all_places,
        is_latest,
        business_date,
        previous_date,
        cast(
            {{ dbt.dateadd('day', 1 - var('stock_velocity_days'), 'last_sale_date') }} as date
        ) as window_start_date,
        last_sale_date as window_end_date,
        loaded_at
    from compared_lists

)

select * from final
