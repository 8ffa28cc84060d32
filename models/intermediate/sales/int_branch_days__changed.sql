{#
    Incremental because it grows with every day of every branch. Rows are never deleted: a branch and date must be
    found as changed, too, when a corrected file has emptied it, or when its last row now counts in another file, on
    another day. Rows that break a rule change nothing; their dates may lie outside the calendar.
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
{%- set taxed_branches = ref('int_branches__taxed') %}

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
    {%- if is_incremental() %}
    -- All days of a branch that is now taxed in another country.
    union all
    select
        known.branch_key,
        taxed_branches.change_id,
        known.business_date
    from {{ this }} as known
    inner join {{ taxed_branches }} as taxed_branches
        on known.branch_key = taxed_branches.branch_key
    where taxed_branches.change_id > {{ mark }}
    {%- endif %}

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
