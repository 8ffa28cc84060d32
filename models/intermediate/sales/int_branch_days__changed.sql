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
{%- set exchange_rates = ref('int_exchange_rates__ranges') %}

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
        currency_code,
        change_id,
        0 as rate_change_id,
        business_date
    from transactions
    where
        branch_key is not null
        and business_date is not null
        and (reject_reasons is null or {{ is_overlap() }})
    union all
    select
        branch_key,
        cast(null as text) as currency_code,
        change_id,
        0 as rate_change_id,
        business_date
    from first_purchases
    {%- if is_incremental() %}
    -- All days of a branch that is now taxed in another country.
    union all
    select
        known.branch_key,
        known.currency_code,
        taxed_branches.change_id,
        0 as rate_change_id,
        known.business_date
    from {{ this }} as known
    inner join {{ taxed_branches }} as taxed_branches
        on known.branch_key = taxed_branches.branch_key
    where taxed_branches.change_id > {{ mark }}
    -- All days on which the currency of the branch has another rate.
    union all
    select
        known.branch_key,
        known.currency_code,
        exchange_rates.change_id,
        exchange_rates.change_id as rate_change_id,
        known.business_date
    from {{ this }} as known
    inner join {{ exchange_rates }} as exchange_rates
        on
            known.currency_code = exchange_rates.currency_code
            and known.business_date >= exchange_rates.valid_from
            and known.business_date < exchange_rates.valid_to
    where exchange_rates.change_id > {{ mark }}
    {%- endif %}

),

changed_days as (

    select
        branch_key,
        max(currency_code) as currency_code,
        max(change_id) as change_id,
        max(rate_change_id) as rate_change_id,
        business_date
    from changes
    group by branch_key, business_date

),

final as (

    {% if is_incremental() -%}
    select
        changed_days.branch_key,
        coalesce(changed_days.currency_code, known.currency_code) as currency_code,
        changed_days.change_id,
        cast(greatest(changed_days.rate_change_id, known.rate_change_id) as bigint)
            as rate_change_id,
        changed_days.business_date
    from changed_days
    left join {{ this }} as known
        on
            changed_days.branch_key = known.branch_key
            and changed_days.business_date = known.business_date
    {%- else -%}
    select
        branch_key,
        currency_code,
        change_id,
        cast(rate_change_id as bigint) as rate_change_id,
        business_date
    from changed_days
    {%- endif %}

)

select * from final
