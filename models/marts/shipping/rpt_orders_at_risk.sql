{#
    Whole, because it has open orders only, which are few: they are found by their open shipments, or by their day. Stock
    goes to the oldest orders first, so that an order is at risk only if those before it have taken what is there.
#}
{{ config(meta={'data_lag': {'rpt_orders_at_risk': ['orders', 'shipments', 'stock']}}) }}
{#- In a model with variables dbt does not see what the hooks refer to. #}
{%- do high_water_mark() %}

with as_of as (

    select * from {{ ref('int_orders__as_of') }}

),

shipments as (

    select * from {{ ref('fct_shipments') }}
    where is_open and order_key is not null

),

-- An order without a shipment stays open for ever if none is made, so that only those of the last
-- days are read.
orders as (

    {{ look_up(
        ref('int_orders__fulfilled'),
        'select distinct order_key from shipments',
        'found.order_key = wanted.order_key and found.is_open and found.shipments > 0'
    ) }}
    union all
    {{ look_up(
        ref('int_orders__fulfilled'),
        'select source_system, as_of_date from as_of',
        'found.source_system = wanted.source_system and found.is_open and found.shipments = 0 and '
        ~ is_recent_order('found.ordered_on', 'wanted.as_of_date')
    ) }}

),

stock as (

    select * from {{ ref('rpt_stock_availability') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

-- Without a shipment an order is open for some days only: then its goods were handed over without
-- one. With one it is open until the carrier has delivered, also if it never picked the goods up.
open_orders as (

    select
        orders.*,
        orders.left_on is null
        and {{ is_recent_order('orders.ordered_on', 'as_of.as_of_date') }} as is_waiting,
        as_of.as_of_date
    from orders
    inner join as_of on orders.source_system = as_of.source_system

),

-- Of an order's open shipments the one that is stopped, else the one that was promised first.
ranked_shipments as (

    select
        *,
        row_number() over (
            partition by order_key
            order by status <> 'exception', promised_on nulls last, shipment_key
        ) as place
    from shipments

),

stocked_sources as (

    select source_system
    from stock
    where is_listed
    group by source_system

),

stocked_products as (

    select
        product_key,
        sum(stock_quantity) as stock_quantity
    from stock
    where is_listed
    group by product_key

),

queued_orders as (

    select
        open_orders.*,
        case
            when open_orders.is_waiting
                then sum(case when open_orders.is_waiting then open_orders.quantity end) over (
                    partition by open_orders.product_key
                    order by
                        open_orders.ordered_on,
                        length(open_orders.order_number),
                        open_orders.order_number,
                        open_orders.order_key
                    rows between unbounded preceding and current row
                )
        end as wanted_quantity
    from open_orders

),

judged_orders as (

    select
        queued_orders.*,
        ranked_shipments.shipment_number,
        ranked_shipments.carrier,
        ranked_shipments.last_event_at as shipment_event_at,
        ranked_shipments.promised_on as shipment_promised_on,
        stocked_products.stock_quantity,
        queued_orders.fulfilment_status = 'exception' as is_stopped,
        coalesce(ranked_shipments.promised_on < queued_orders.as_of_date, false)
            as is_promise_passed,
        coalesce(
            stocked_products.product_key is not null
            and queued_orders.wanted_quantity > greatest(stocked_products.stock_quantity, 0),
            false
        ) as is_stock_short,
        queued_orders.is_waiting
        and stocked_products.product_key is null
        and stocked_sources.source_system is not null as is_stock_unknown
    from queued_orders
    left join ranked_shipments
        on
            queued_orders.order_key = ranked_shipments.order_key
            and ranked_shipments.place = 1
    left join stocked_products on queued_orders.product_key = stocked_products.product_key
    left join stocked_sources on queued_orders.source_system = stocked_sources.source_system

),

orders_at_risk as (

    select * from judged_orders
    where is_stopped or is_promise_passed or is_stock_short or is_stock_unknown

),

{{ converted('orders_at_risk', ref('int_exchange_rates__ranges'), on='ordered_on') }},

final as (

    select
        converted.order_key,
        converted.source_system,
        converted.branch_key,
        converted.branch_name,
        converted.product_key,
        converted.channel,
        converted.order_number,
        converted.product_id,
        coalesce(products.product_name, converted.product_name) as product_name,
        converted.fulfilment_status,
        converted.shipment_number,
        converted.carrier,
        {{ named_reasons({
            'shipment_exception': "converted.is_stopped",
            'promise_passed': "converted.is_promise_passed",
            'stock_short': "converted.is_stock_short",
            'stock_unknown': "converted.is_stock_unknown",
        }) }} as risk_reasons,
        concat_ws(
            '; ',
            case
                when converted.is_stopped
                    then concat(
                        converted.carrier,
                        ' reported an exception, last event ',
                        cast(converted.shipment_event_at at time zone 'UTC' as date)
                    )
            end,
            case
                when converted.is_promise_passed
                    then 'promised for ' || cast(converted.shipment_promised_on as text)
            end,
            case
                when converted.is_stock_short
                    then concat(
                        {{ plain_number('greatest(converted.stock_quantity, 0)') }},
                        ' in stock, ',
                        {{ plain_number('converted.wanted_quantity') }},
                        ' wanted by this order and older ones'
                    )
            end,
            case when converted.is_stock_unknown then 'in no list of stock' end
        ) as explanation,
        converted.currency_code,
        converted.quantity,
        converted.net_amount,
        {{ company_amount('converted.net_amount') }} as net_amount_company,
        cast(
            {{ days_between('converted.ordered_on', 'converted.as_of_date') }} as integer
        ) as days_open,
        cast(
            row_number() over (
                order by
                    converted.ordered_on,
                    length(converted.order_number),
                    converted.order_number,
                    converted.order_key
            ) as integer
        ) as position,
        converted.is_rate_estimated,
        converted.ordered_on,
        converted.promised_on,
        converted.as_of_date,
        converted.last_event_at
    from converted
    left join products on converted.product_key = products.product_key

)

select * from final
