-- What is reserved of the stock is what the orders of each product wait for, no more and no less.
with recent_orders as (

    {{ look_up(
        ref('int_orders__fulfilled'),
        'select source_system, as_of_date from ' ~ ref('int_orders__as_of'),
        'found.source_system = wanted.source_system and found.is_open and '
        ~ is_recent_order('found.ordered_on', 'wanted.as_of_date')
    ) }}

),

waiting as (

    select
        orders.source_system,
        orders.product_key,
        count(*) as orders,
        sum(orders.quantity) as quantity
    from recent_orders as orders
    where orders.left_on is null and orders.product_key is not null
    group by orders.source_system, orders.product_key

),

reserved as (

    select
        source_system,
        product_key,
        sum(waiting_orders) as orders,
        sum(reserved_quantity) as quantity
    from {{ ref('rpt_stock_availability') }}
    where waiting_orders > 0
    group by source_system, product_key

)

select
    coalesce(waiting.source_system, reserved.source_system) as source_system,
    coalesce(waiting.product_key, reserved.product_key) as product_key
from waiting
full outer join reserved
    on
        waiting.source_system = reserved.source_system
        and waiting.product_key = reserved.product_key
where
    waiting.orders is distinct from reserved.orders
    or waiting.quantity is distinct from reserved.quantity
