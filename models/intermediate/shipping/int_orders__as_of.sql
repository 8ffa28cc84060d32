{#
    Today for orders and shipments, from the data, so that the same files give the same rows on any day: the latest of the
    source's as-of date, the last change of an order and the last event of a shipment. A view, and cheap: the last change of
    a source is found through an index, and weeks of shipments are few.

    A change that is dated after the last load is an error: it must not make all orders too old and all shipments overdue.
    An event of a shipment with such a date is rejected by the source's own model.
#}
{%- set orders = ref('int_orders__fulfilled') %}
with sale_days as (

    select * from {{ ref('int_sources__as_of') }}

),

delivery_weeks as (

    select * from {{ ref('int_delivery_weeks__summed_up') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

-- The end of the day of the last load.
last_load as (

    select
        (
            {{ dbt.dateadd('day', 1, "cast(max(loaded_at) at time zone 'UTC' as date)") }}
        ) at time zone 'UTC' as day_ends_at
    from files

),

-- Source by source, and without a CTE: PostgreSQL would read all orders.
known_days as (

    {% for source_system in sources_with('order_changes') -%}
    select
        '{{ source_system }}' as source_system,
        cast(max(changed_at) at time zone 'UTC' as date) as known_day
    from {{ orders }}
    where
        source_system = '{{ source_system }}'
        and changed_at < (select last_load.day_ends_at from last_load)
    union all
    {% endfor -%}
    select
        source_system,
        max(last_event_on) as known_day
    from delivery_weeks
    group by source_system

),

final as (

    select
        known_days.source_system,
        greatest(max(known_days.known_day), max(sale_days.as_of_date)) as as_of_date
    from known_days
    left join sale_days on known_days.source_system = sale_days.source_system
    where known_days.known_day is not null
    group by known_days.source_system

)

select * from final
