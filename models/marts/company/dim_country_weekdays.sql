{# The table is updated, not replaced, so that the views on it are not dropped. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key=['country_code', 'weekday_number'],
        on_schema_change='fail',
    )
}}

with branches as (

    select * from {{ ref('dim_branches') }}

),

calendars as (

    select * from {{ ref('country_calendars') }}

),

weekdays as (

    select distinct
        weekday_name,
        weekday_number
    from {{ ref('dim_dates') }}

),

branch_countries as (

    select distinct {{ short_key("coalesce(country_code, 'unknown')") }} as country_code
    from branches

),

-- A country that the seed does not list has the week of ISO 8601.
countries as (

    select
        coalesce(calendars.country_code, branch_countries.country_code) as country_code,
        coalesce(calendars.first_weekday, 1) as first_weekday,
        case when calendars.country_code is null then 6 else calendars.weekend_day end
            as weekend_day,
        case when calendars.country_code is null then 7 else calendars.second_weekend_day end
            as second_weekend_day
    from branch_countries
    full outer join calendars on branch_countries.country_code = calendars.country_code

),

final as (

    select
        countries.country_code,
        weekdays.weekday_name,
        weekdays.weekday_number,
        cast(mod(weekdays.weekday_number - countries.first_weekday + 7, 7) + 1 as integer)
            as weekday_of_week,
        weekdays.weekday_number = countries.weekend_day
        or coalesce(weekdays.weekday_number = countries.second_weekend_day, false) as is_weekend
    from countries
    cross join weekdays

)

select * from final
