{#
    Incremental by branch and weekday: a night touches one or two weekdays, and reads a seventh of the hours of
    history instead of all.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'weekday_number'],
        meta={'touched_by': 'branch_weekday'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('branch_weekday') %}

with branch_hours as (

    select * from {{ ref('int_branch_hours__sold') }}
    {% if is_incremental() -%}
    where (branch_key, weekday_number) in ({{ touched }})
    {%- endif %}

),

weekday_hours as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        weekday_number,
        hour_of_day,
        cast(sum(transactions) as bigint) as transactions,
        cast(sum(items_sold) as bigint) as items_sold,
        sum(net_amount) as net_amount,
        min(business_date) as first_business_date,
        max(business_date) as last_business_date
    from branch_hours
    group by
        branch_key,
        source_system,
        branch_name,
        currency_code,
        weekday_number,
        hour_of_day

),

-- A day counts for its weekday when the branch sold anything at any hour.
weekdays as (

    select
        branch_key,
        weekday_number,
        count(distinct business_date) as trading_days
    from branch_hours
    group by branch_key, weekday_number

),

final as (

    select
        weekday_hours.branch_key,
        weekday_hours.source_system,
        weekday_hours.branch_name,
        weekday_hours.currency_code,
        weekday_hours.weekday_number,
        weekday_hours.hour_of_day,
        weekdays.trading_days,
        weekday_hours.transactions,
        weekday_hours.items_sold,
        weekday_hours.net_amount,
        weekday_hours.first_business_date,
        weekday_hours.last_business_date
    from weekday_hours
    inner join weekdays
        on
            weekday_hours.branch_key = weekdays.branch_key
            and weekday_hours.weekday_number = weekdays.weekday_number

)

select * from final
