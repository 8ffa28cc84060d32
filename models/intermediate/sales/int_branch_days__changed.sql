{#
    Incremental because it grows with every day of every branch. Rows are never taken away: a branch and
    date that a corrected file has emptied must still be found as changed, and so must one whose last row
    counts in another file, on another day. Rows refused for what they say change nothing; and their dates may
    lie outside of the calendar.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['business_date', 'branch_key'],
        meta={'touched_by': 'change'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['change_id']},
        ],
    )
}}
{%- set mark = high_water_mark() %}

with transactions as (

    select * from {{ ref('int_transactions__unioned') }}
    where change_id > {{ mark }}

),

first_purchases as (

    select * from {{ ref('int_customers__first_purchases') }}
    where change_id > {{ mark }}

),

changes as (

    select
        branch_key,
        change_id,
        business_date
    from transactions
    where
        branch_key is not null
        and business_date is not null
        and (reject_reasons is null or {{ is_overlap() }})
    union all
    select
        branch_key,
        change_id,
        business_date
    from first_purchases

),

final as (

    select
        branch_key,
        max(change_id) as change_id,
        business_date
    from changes
    group by branch_key, business_date

)

select * from final
