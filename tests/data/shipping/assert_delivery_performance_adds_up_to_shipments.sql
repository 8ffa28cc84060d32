-- Every shipment is in one week, with its cost, and is what its week says of it.

with shipments as (

    select
        source_system,
        due_week,
        count(*) as shipments,
        count(*) filter (where is_on_time) as on_time_shipments,
        count(*) filter (where not is_on_time) as late_shipments,
        count(*) filter (where is_open) as open_shipments,
        sum(exceptions) as exceptions,
        coalesce(sum(shipping_cost_company), 0) as shipping_cost_company
    from ({{ rows_in_scope(ref('fct_shipments'), 'delivery_week') }}) as shipments
    group by source_system, due_week

),

-- Each row is rounded to the penny.
weeks as (

    select
        source_system,
        due_week,
        count(*) as rows_of_week,
        sum(shipments) as shipments,
        sum(on_time_shipments) as on_time_shipments,
        sum(late_shipments) as late_shipments,
        sum(open_shipments) as open_shipments,
        sum(exceptions) as exceptions,
        coalesce(sum(shipping_cost_company), 0) as shipping_cost_company
    from {{ ref('rpt_delivery_performance') }}
    where {{ in_scope('delivery_week') }}
    group by source_system, due_week

)

select
    coalesce(shipments.source_system, weeks.source_system) as source_system,
    coalesce(shipments.due_week, weeks.due_week) as due_week
from shipments
full outer join weeks
    on
        shipments.source_system = weeks.source_system
        and shipments.due_week = weeks.due_week
where
    shipments.shipments is distinct from weeks.shipments
    or shipments.on_time_shipments is distinct from weeks.on_time_shipments
    or shipments.late_shipments is distinct from weeks.late_shipments
    or shipments.open_shipments is distinct from weeks.open_shipments
    or shipments.exceptions is distinct from weeks.exceptions
    or abs(shipments.shipping_cost_company - weeks.shipping_cost_company)
    > 0.005 * weeks.rows_of_week
