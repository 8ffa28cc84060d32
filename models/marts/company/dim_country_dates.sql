{#
    A view, because a table would have a row for every day of every country. It reads no table that a usual night replaces
    (dim_dates is built when the project changes), so it stays.
#}
{{ config(materialized='view') }}

with dates as (

    select * from {{ ref('dim_dates') }}

),

country_weekdays as (

    select * from {{ ref('dim_country_weekdays') }}

),

holidays as (

    select * from {{ ref('public_holidays') }}

),

listed_years as (

    select distinct
        country_code,
        cast(extract(year from holiday_date) as integer) as year_number
    from {{ ref('public_holidays') }}

),

final as (

    select
        country_weekdays.country_code,
        {{ day_kind('holidays.holiday_date is not null', 'country_weekdays.is_weekend') }}
            as day_kind,
        dates.weekday_name,
        holidays.holiday_name,
        dates.weekday_number,
        country_weekdays.weekday_of_week,
        country_weekdays.is_weekend,
        holidays.holiday_date is not null as is_holiday,
        listed_years.country_code is not null as has_listed_holidays,
        dates.date_day,
        {{ country_week_start('dates.date_day', 'country_weekdays.weekday_of_week') }}
            as week_start_date
    from dates
    inner join country_weekdays
        on dates.weekday_number = country_weekdays.weekday_number
    left join holidays
        on
            country_weekdays.country_code = holidays.country_code
            and dates.date_day = holidays.holiday_date
    left join listed_years
        on
            country_weekdays.country_code = listed_years.country_code
            and dates.year_number = listed_years.year_number

)

select * from final
