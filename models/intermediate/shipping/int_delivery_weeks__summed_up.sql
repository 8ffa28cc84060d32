{#
    Incremental by source and week: orders are counted once in a week, so that it cannot be added up of days, and a run
    changes shipments of few weeks.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['source_system', 'due_week'],
        meta={'touched_by': 'delivery_week'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['source_system', 'due_week']},
        ],
    )
}}
{%- set touched = touched('delivery_week') %}

with shipments as (

    select * from {{ ref('int_shipments__summed_up') }}
    {% if is_incremental() -%}
    where (source_system, due_week) in ({{ touched }})
    {%- endif %}

),

{{ converted('shipments', ref('int_exchange_rates__ranges'), on='first_event_on') }},

amounts as (

    select
        *,
        {{ company_amount('shipping_cost') }} as shipping_cost_company
    from converted
    {{ evaluate_once() }}

),

-- A shipment that came back undelivered has missed its promise. One that is still to be delivered
-- has missed it once the day has passed, which no run has to note.
final as (

    select
        {{ dbt_utils.generate_surrogate_key(['source_system', 'carrier', 'lane', 'due_week']) }}
            as delivery_key,
        source_system,
        carrier,
        lane,
        case when min(currency_code) = max(currency_code) then min(currency_code) end
            as currency_code,
        count(*) as shipments,
        count(distinct order_key) as orders,
        count(promised_on) as promised_shipments,
        count(delivered_on) as delivered_shipments,
        count(*) filter (where days_late <= 0) as on_time_shipments,
        count(*) filter (where days_late > 0) as late_shipments,
        count(*) filter (where status = 'returned') as returned_shipments,
        count(*) filter (
            where status = 'returned' and delivered_on is null and promised_on is not null
        ) as missed_shipments,
        count(*) filter (where is_open) as open_shipments,
        coalesce(sum(days_late) filter (where days_late > 0), 0) as days_late,
        coalesce(max(days_late) filter (where days_late > 0), 0) as max_days_late,
        cast(sum(exceptions) as bigint) as exceptions,
        count(*) filter (where exceptions > 0) as shipments_with_exceptions,
        -- A shipment without an order is one of its own: else its cost would be that of the others.
        count(distinct coalesce(order_key, shipment_key)) filter (where shipping_cost is not null)
            as costed_orders,
        cast(sum(shipping_cost) as numeric(18, 2)) as shipping_cost,
        cast(sum(shipping_cost_company) as numeric(38, 6)) as shipping_cost_company,
        count(*) filter (where shipping_cost is not null and shipping_cost_company is null)
            as shipments_without_rate,
        bool_or(is_rate_estimated and shipping_cost is not null) as is_rate_estimated,
        due_week,
        max(last_event_on) as last_event_on
    from amounts
    group by source_system, carrier, lane, due_week

)

select * from final
