{#
    Incremental, because it also records which branch's range changed, and from which day on: rows of later models
    that were built with the former range are rebuilt from that day.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key='branch_key',
        on_schema_change='fail',
    )
}}
{%- set mark = high_water_mark('int_branch_days__measured') %}
{%- set readers_mark = high_water_mark('rpt_sales_trends') %}

with branch_days as (

    select * from {{ ref('int_branch_days__measured') }}

),

{{ trading_ranges('branch_days', ['branch_key', 'source_system']) }},

{% if is_incremental() -%}
known as (

    select * from {{ this }}

),

-- A later last day changes only days after the former one; another first day changes everything.
changed as (

    select
        ranges.branch_key,
        case
            when known.branch_key is null then ranges.first_date
            when known.first_date <> ranges.first_date
                then least(known.first_date, ranges.first_date)
            else cast(
                {{ dbt.dateadd('day', 1, 'least(known.last_date, ranges.last_date)') }} as date
            )
        end as changed_from_date
    from ranges
    left join known on ranges.branch_key = known.branch_key
    where
        known.branch_key is null
        or known.first_date <> ranges.first_date
        or known.last_date <> ranges.last_date

),

-- Earlier changes that the readers have not processed yet count, too.
final as (

    select
        ranges.branch_key,
        ranges.source_system,
        cast(
            case when changed.branch_key is null then known.change_id else {{ mark }} end as bigint
        ) as change_id,
        ranges.first_date,
        ranges.last_date,
        case
            when changed.branch_key is null then known.changed_from_date
            when known.change_id > {{ readers_mark }}
                then least(changed.changed_from_date, known.changed_from_date)
            else changed.changed_from_date
        end as changed_from_date
    from ranges
    left join known on ranges.branch_key = known.branch_key
    left join changed on ranges.branch_key = changed.branch_key

)
{%- else -%}
final as (

    select
        branch_key,
        source_system,
        cast({{ mark }} as bigint) as change_id,
        first_date,
        last_date,
        first_date as changed_from_date
    from ranges

)
{%- endif %}

select * from final
