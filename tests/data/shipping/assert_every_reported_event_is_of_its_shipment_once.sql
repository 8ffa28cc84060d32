-- Every event that counts is one row, with all of its reports, and a shipment has as many events.
{%- set scope = in_scope('shipment') %}

with reported as (

    select
        shipment_key,
        count(*) as reports,
        count(distinct event_key) as events
    from {{ ref('int_shipment_events__unioned') }}
    where is_current and {{ scope }}
    group by shipment_key

),

kept as (

    select
        shipment_key,
        sum(reports) as reports,
        count(*) as events
    from {{ ref('fct_shipment_events') }}
    where {{ scope }}
    group by shipment_key

),

shipments as (

    select * from {{ ref('fct_shipments') }}
    where {{ scope }}

)

select coalesce(reported.shipment_key, kept.shipment_key, shipments.shipment_key) as shipment_key
from reported
full outer join kept on reported.shipment_key = kept.shipment_key
full outer join shipments
    on coalesce(reported.shipment_key, kept.shipment_key) = shipments.shipment_key
where
    reported.reports is distinct from kept.reports
    or reported.events is distinct from kept.events
    or reported.events is distinct from shipments.events
