{# A view of a table that a night updates; it has a row per branch, weekday and hour at most. #}
{{ config(materialized='view') }}

with branch_weekdays as (

    select * from {{ ref('int_branch_weekdays__sold') }}

),

branches as (

    select * from {{ ref('dim_branches') }}

),

country_weekdays as (

    select * from {{ ref('dim_country_weekdays') }}

),

hours as (

    select
        branch_weekdays.*,
        country_weekdays.country_code,
        country_weekdays.weekday_name,
        country_weekdays.weekday_of_week,
        country_weekdays.is_weekend,
        sum(branch_weekdays.returns) over (
            partition by branch_weekdays.branch_key
        ) as branch_returns
    from branch_weekdays
    inner join branches on branch_weekdays.branch_key = branches.branch_key
    inner join country_weekdays
        on
            {{ short_key("coalesce(branches.country_code, 'unknown')") }}
            = country_weekdays.country_code
            and branch_weekdays.weekday_number = country_weekdays.weekday_number

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        country_code,
        currency_code,
        weekday_name,
        weekday_number,
        weekday_of_week,
        hour_of_day,
        cast(transactions as integer) as transactions,
        cast(returns as integer) as returns,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        cast(returned_amount_company as numeric(18, 2)) as returned_amount_company,
        {{ ratio('100.0 * returns', 'cast(transactions as numeric)') }} as returns_percent,
        {{ ratio('100.0 * returns', 'branch_returns') }} as branch_returns_percent,
        is_weekend
    from hours
    where returns > 0

)

select * from final
