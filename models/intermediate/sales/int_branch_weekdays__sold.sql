{#
    Incremental by branch and weekday. The days of a night are usually later than all others of their weekday: then their
    hours are added to the stored rows. A weekday with a change in a former day is added up again from all its hours.
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
{%- set touched_days = touched('branch_day') %}

{% if is_incremental() -%}
with touched_days as (

    select
        branch_key,
        {{ weekday_number('business_date') }} as weekday_number,
        business_date
    from ({{ touched_days }}) as branch_days

),

touched_weekdays as (

    select
        branch_key,
        weekday_number,
        min(business_date) as first_touched_date
    from touched_days
    group by branch_key, weekday_number

),

stored_weekdays as (

    select
        stored.*,
        max(stored.last_business_date) over (
            partition by stored.branch_key, stored.weekday_number
        ) as last_stored_date,
        touched_weekdays.first_touched_date
    from {{ this }} as stored
    inner join touched_weekdays
        on
            stored.branch_key = touched_weekdays.branch_key
            and stored.weekday_number = touched_weekdays.weekday_number

),

-- No touched day is in them.
kept_weekdays as (

    select * from stored_weekdays
    where last_stored_date < first_touched_date

),

branch_hours as (

    select * from {{ ref('int_branch_hours__sold') }}
    where
        (branch_key, weekday_number) in (
            select
                branch_key,
                weekday_number
            from touched_weekdays
            except
            select
                branch_key,
                weekday_number
            from kept_weekdays
        )
    union all
    select * from {{ ref('int_branch_hours__sold') }}
    where
        (branch_key, business_date) in (
            select
                branch_key,
                business_date
            from touched_days
            where (branch_key, weekday_number) in (
                select
                    branch_key,
                    weekday_number
                from kept_weekdays
            )
        )

),
{%- else -%}
with branch_hours as (

    select * from {{ ref('int_branch_hours__sold') }}

),
{%- endif %}

hours as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        weekday_number,
        hour_of_day,
        transactions,
        items_sold,
        net_amount,
        net_amount_company,
        returns,
        returned_amount,
        returned_amount_company,
        business_date as first_business_date,
        business_date as last_business_date
    from branch_hours
    {%- if is_incremental() %}
    union all
    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        weekday_number,
        hour_of_day,
        transactions,
        items_sold,
        net_amount,
        net_amount_company,
        returns,
        returned_amount,
        returned_amount_company,
        first_business_date,
        last_business_date
    from kept_weekdays
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
        sum(net_amount_company) as net_amount_company,
        cast(sum(returns) as bigint) as returns,
        sum(returned_amount) as returned_amount,
        sum(returned_amount_company) as returned_amount_company,
        min(first_business_date) as first_business_date,
        max(last_business_date) as last_business_date
    from hours
    group by
        branch_key,
        source_system,
        branch_name,
        currency_code,
        weekday_number,
        hour_of_day

),

-- A day counts for its weekday when the branch sold anything at any hour.
days as (

    select
        branch_key,
        weekday_number,
        count(distinct business_date) as trading_days
    from branch_hours
    group by branch_key, weekday_number
    {%- if is_incremental() %}
    union all
    select distinct
        branch_key,
        weekday_number,
        trading_days
    from kept_weekdays
    {%- endif %}

),

weekdays as (

    select
        branch_key,
        weekday_number,
        cast(sum(trading_days) as bigint) as trading_days
    from days
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
        weekday_hours.net_amount_company,
        weekday_hours.returns,
        weekday_hours.returned_amount,
        weekday_hours.returned_amount_company,
        weekday_hours.first_business_date,
        weekday_hours.last_business_date
    from weekday_hours
    inner join weekdays
        on
            weekday_hours.branch_key = weekdays.branch_key
            and weekday_hours.weekday_number = weekdays.weekday_number

)

select * from final
