{#
    Whole: one row per carrier, lane and week. Which open shipments are overdue depends on the as-of date, and is counted in
    each run; they are few. Updated, not replaced.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key='delivery_key',
        meta={'data_lag': {'rpt_delivery_performance': ['shipments']}},
        on_schema_change='fail',
    )
}}
{#- In a model with variables dbt does not see what the hooks of an incremental model refer to. #}
{%- do high_water_mark() %}

with delivery_weeks as (

    select * from {{ ref('int_delivery_weeks__summed_up') }}

),

as_of as (

    select * from {{ ref('int_orders__as_of') }}

),

open_shipments as (

    select * from {{ ref('int_shipments__summed_up') }}
    where is_open

),

overdue as (

    select
        open_shipments.source_system,
        open_shipments.carrier,
        open_shipments.lane,
        open_shipments.due_week,
        count(*) as overdue_shipments
    from open_shipments
    inner join as_of on open_shipments.source_system = as_of.source_system
    where open_shipments.promised_on < as_of.as_of_date
    group by
        open_shipments.source_system,
        open_shipments.carrier,
        open_shipments.lane,
        open_shipments.due_week

),

-- What was to be delivered by now.
judged as (

    select
        delivery_weeks.*,
        coalesce(overdue.overdue_shipments, 0) as overdue_shipments,
        delivery_weeks.on_time_shipments
        + delivery_weeks.late_shipments
        + delivery_weeks.missed_shipments
        + coalesce(overdue.overdue_shipments, 0) as due_shipments
    from delivery_weeks
    left join overdue
        on
            delivery_weeks.source_system = overdue.source_system
            and delivery_weeks.carrier = overdue.carrier
            and delivery_weeks.lane = overdue.lane
            and delivery_weeks.due_week = overdue.due_week

),

final as (

    select
        delivery_key,
        source_system,
        carrier,
        lane,
        currency_code,
        cast('{{ var("company_currency") }}' as text) as company_currency_code,
        shipments,
        orders,
        promised_shipments,
        due_shipments,
        delivered_shipments,
        on_time_shipments,
        late_shipments,
        missed_shipments,
        overdue_shipments,
        returned_shipments,
        open_shipments,
        {{ ratio('100.0 * on_time_shipments', 'due_shipments') }} as on_time_percent,
        {{ ratio('1.0 * days_late', 'late_shipments') }} as average_days_late,
        max_days_late,
        exceptions,
        shipments_with_exceptions,
        {{ ratio('100.0 * shipments_with_exceptions', 'shipments') }} as exception_percent,
        costed_orders,
        case when currency_code is not null then shipping_cost end as shipping_cost,
        case when currency_code is not null then {{ ratio('shipping_cost', 'costed_orders') }} end
            as cost_per_order,
        cast(round(shipping_cost_company, 2) as numeric(18, 2)) as shipping_cost_company,
        case
            when shipments_without_rate = 0
                then {{ ratio('shipping_cost_company', 'costed_orders') }}
        end as cost_per_order_company,
        shipments_without_rate,
        coalesce(is_rate_estimated, false) as is_rate_estimated,
        due_week
    from judged

)

select * from final
