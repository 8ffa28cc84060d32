{#
    Incremental by product and day of cancellation. Whether stock was short is judged by what could be promised at the end
    of that day, from the last list of stock and from the other orders of the days before it, so that a late order, event or
    list changes the days after it, and no others.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['product_key', 'cancelled_on'],
        meta={'touched_by': 'cancelled_product_day'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['product_key', 'cancelled_on']},
        ],
    )
}}
{%- set touched = touched('cancelled_product_day') %}
{%- set days = var('order_open_days') %}

with cancelled_orders as (

    select * from {{ ref('int_orders__fulfilled') }}
    where
        cancelled_on is not null and product_key is not null
    {% if is_incremental() -%}
        and (product_key, cancelled_on) in ({{ touched }})
    {%- endif %}

),

stock_days as (

    select * from {{ ref('int_stock_days__windows') }}

),

ordered_days as (

    select * from {{ ref('int_product_days__ordered') }}

),

product_days as (

    select distinct
        source_system,
        product_key,
        cancelled_on
    from cancelled_orders

),

days_of_sources as (

    select distinct
        source_system,
        cancelled_on
    from product_days

),

-- The last list of each place, unless it is older than an order stays open.
lists_so_far as (

    select
        days_of_sources.source_system,
        days_of_sources.cancelled_on,
        stock_days.branch_key,
        stock_days.covers_all_places,
        stock_days.business_date,
        row_number() over (
            partition by
                days_of_sources.source_system, days_of_sources.cancelled_on, stock_days.branch_key
            order by stock_days.business_date desc
        ) as place,
        max(stock_days.business_date) over (
            partition by days_of_sources.source_system, days_of_sources.cancelled_on
        ) as last_list_date
    from days_of_sources
    inner join stock_days
        on
            days_of_sources.source_system = stock_days.source_system
            and days_of_sources.cancelled_on >= stock_days.business_date
            and {{ dbt.dateadd('day', -days, 'days_of_sources.cancelled_on') }}
            < stock_days.business_date

),

lists as (

    select * from lists_so_far
    where
        place = 1
        and (covers_all_places is not true or business_date = last_list_date)

),

list_dates as (

    select
        source_system,
        cancelled_on,
        max(business_date) as list_date
    from lists
    group by source_system, cancelled_on

),

on_hand as (

    select
        product_days.product_key,
        product_days.cancelled_on,
        sum(greatest(levels.stock_quantity, 0)) as on_hand_quantity
    from product_days
    inner join lists
        on
            product_days.source_system = lists.source_system
            and product_days.cancelled_on = lists.cancelled_on
    inner join {{ ref('int_stock_levels__daily') }} as levels
        on
            product_days.product_key = levels.product_key
            and lists.branch_key = levels.branch_key
            and lists.business_date = levels.business_date
    group by product_days.product_key, product_days.cancelled_on

),

dated_product_days as (

    select
        product_days.*,
        list_dates.list_date
    from product_days
    left join list_dates
        on
            product_days.source_system = list_dates.source_system
            and product_days.cancelled_on = list_dates.cancelled_on
    {{ evaluate_once() }}

),

-- What other orders had taken from this stock, or reserved of it, by the end of the day.
claimed as (

    select
        judged_days.product_key,
        judged_days.source_system,
        judged_days.cancelled_on,
        sum(ordered_days.quantity) as claimed_quantity
    from dated_product_days as judged_days
    inner join ordered_days
        on
            judged_days.product_key = ordered_days.product_key
            and judged_days.source_system = ordered_days.source_system
            and judged_days.cancelled_on >= ordered_days.ordered_on
            and {{ dbt.dateadd('day', -days, 'judged_days.cancelled_on') }}
            < ordered_days.ordered_on
    where
        (
            ordered_days.cancelled_on is null
            or ordered_days.cancelled_on > judged_days.cancelled_on
        )
        and (ordered_days.left_on is null or ordered_days.left_on > judged_days.list_date)
    group by judged_days.product_key, judged_days.source_system, judged_days.cancelled_on

),

judged as (

    select
        cancelled_orders.*,
        list_dates.list_date,
        cancelled_orders.left_on is null
        or cancelled_orders.left_on > cancelled_orders.cancelled_on as is_before_shipment,
        case when list_dates.list_date is not null then coalesce(on_hand.on_hand_quantity, 0) end
            as on_hand_quantity,
        coalesce(claimed.claimed_quantity, 0) as claimed_quantity
    from cancelled_orders
    left join list_dates
        on
            cancelled_orders.source_system = list_dates.source_system
            and cancelled_orders.cancelled_on = list_dates.cancelled_on
    left join on_hand
        on
            cancelled_orders.product_key = on_hand.product_key
            and cancelled_orders.cancelled_on = on_hand.cancelled_on
    left join claimed
        on
            cancelled_orders.product_key = claimed.product_key
            and cancelled_orders.source_system = claimed.source_system
            and cancelled_orders.cancelled_on = claimed.cancelled_on

),

final as (

    select
        order_key,
        source_system,
        branch_key,
        branch_name,
        product_key,
        channel,
        order_number,
        product_id,
        product_name,
        currency_code,
        quantity,
        net_amount,
        cast(on_hand_quantity as numeric(18, 3)) as on_hand_quantity,
        cast(claimed_quantity as numeric(18, 3)) as claimed_quantity,
        cast(on_hand_quantity - claimed_quantity as numeric(18, 3)) as available_quantity,
        is_before_shipment,
        coalesce(
            is_before_shipment and on_hand_quantity - claimed_quantity < quantity, false
        ) as is_for_lack_of_stock,
        ordered_on,
        cancelled_on,
        list_date
    from judged

)

select * from final
