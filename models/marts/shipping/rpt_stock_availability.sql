{#
    Whole, because it has the latest list of each place only, and orders as sums: those of the last days, which may wait, and
    those whose goods left after the list.
#}
{{ config(meta={'data_lag': {'rpt_stock_availability': ['orders', 'shipments', 'stock']}}) }}
{#- In a model with variables dbt does not see what the hooks refer to. #}
{%- do high_water_mark() %}

with stock_days as (

    select * from {{ ref('int_stock_days__windows') }}
    where is_latest

),

levels as (

    {{ look_up_branch_days(ref('int_stock_levels__daily'), 'select * from stock_days') }}

),

as_of as (

    select * from {{ ref('int_orders__as_of') }}

),

claims as (

    {{ look_up(
        ref('int_product_days__ordered'),
        'select source_system, as_of_date from as_of',
        'found.source_system = wanted.source_system and found.left_on is null and found.cancelled_on is null and '
        ~ is_recent_order('found.ordered_on', 'wanted.as_of_date')
    ) }}
    union all
    {{ look_up(
        ref('int_product_days__ordered'),
        'select product_key, min(business_date) as first_list_date from levels group by product_key',
        'found.product_key = wanted.product_key and found.cancelled_on is null'
        ~ ' and found.left_on > wanted.first_list_date'
    ) }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

-- Orders that no shipment assigns to a place draw on the largest stock of their product.
places as (

    select
        product_key,
        branch_key,
        source_system,
        product_id,
        stock_quantity,
        business_date,
        row_number() over (
            partition by product_key order by stock_quantity desc, branch_key asc
        ) as place
    from levels

),

main_places as (

    select * from places
    where place = 1

),

placed_claims as (

    select
        claims.product_key,
        claims.source_system,
        coalesce(places.branch_key, main_places.branch_key, 'unknown') as branch_key,
        claims.orders,
        claims.quantity,
        claims.left_on is null as is_waiting,
        claims.left_on > coalesce(places.business_date, main_places.business_date) as is_gone
    from claims
    inner join as_of on claims.source_system = as_of.source_system
    left join places
        on
            claims.product_key = places.product_key
            and claims.origin_branch_key = places.branch_key
    left join main_places on claims.product_key = main_places.product_key

),

summed_claims as (

    select
        product_key,
        source_system,
        branch_key,
        coalesce(sum(orders) filter (where is_waiting), 0) as waiting_orders,
        coalesce(sum(quantity) filter (where is_waiting), 0) as reserved_quantity,
        coalesce(sum(quantity) filter (where is_gone), 0) as left_since_quantity
    from placed_claims
    where is_waiting or is_gone
    group by product_key, source_system, branch_key

),

stock as (

    select
        coalesce(places.product_key, summed_claims.product_key) as product_key,
        coalesce(places.branch_key, summed_claims.branch_key) as branch_key,
        coalesce(places.source_system, summed_claims.source_system) as source_system,
        places.product_id,
        coalesce(places.stock_quantity, 0) as on_hand_quantity,
        coalesce(summed_claims.left_since_quantity, 0) as left_since_quantity,
        coalesce(summed_claims.reserved_quantity, 0) as reserved_quantity,
        coalesce(summed_claims.waiting_orders, 0) as waiting_orders,
        places.product_key is not null as is_listed,
        places.business_date
    from places
    full outer join summed_claims
        on
            places.product_key = summed_claims.product_key
            and places.branch_key = summed_claims.branch_key

),

-- A balance below zero is a fault of the records: nothing is in stock.
promised as (

    select
        *,
        greatest(on_hand_quantity, 0) - left_since_quantity as stock_left,
        greatest(on_hand_quantity, 0) - left_since_quantity - reserved_quantity
            as available_quantity
    from stock

),

final as (

    select
        promised.product_key,
        promised.branch_key,
        promised.source_system,
        coalesce(branches.branch_name, 'unknown') as branch_name,
        coalesce(promised.product_id, products.product_id) as product_id,
        coalesce(products.product_name, promised.product_id) as product_name,
        products.category,
        cast(promised.waiting_orders as bigint) as waiting_orders,
        cast(promised.on_hand_quantity as numeric(18, 3)) as on_hand_quantity,
        cast(promised.left_since_quantity as numeric(18, 3)) as left_since_quantity,
        cast(promised.stock_left as numeric(18, 3)) as stock_quantity,
        cast(promised.reserved_quantity as numeric(18, 3)) as reserved_quantity,
        cast(promised.available_quantity as numeric(18, 3)) as available_quantity,
        promised.available_quantity < 0 as is_oversold,
        promised.is_listed,
        promised.business_date,
        as_of.as_of_date
    from promised
    left join branches on promised.branch_key = branches.branch_key
    left join products on promised.product_key = products.product_key
    left join as_of on promised.source_system = as_of.source_system

)

select * from final
