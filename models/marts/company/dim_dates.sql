with days as (

    {{ dbt_utils.date_spine(
        datepart='day',
        start_date="cast('" ~ var('calendar_start') ~ "' as date)",
        end_date=dbt.dateadd('day', 1, "cast('" ~ var('calendar_end') ~ "' as date)")
    ) }}

),

dates as (

    select cast(date_day as date) as date_day from days

),

final as (

    select
        {{ dbt_utils.generate_surrogate_key(["'calendar'", 'date_day']) }} as date_key,
        cast(to_char(date_day, 'FMDay') as text) as weekday_name,
        cast(to_char(date_day, 'FMMonth') as text) as month_name,
        cast(to_char(date_day, 'YYYY-MM') as text) as year_month,
        cast(extract(isodow from date_day) as integer) as weekday_number,
        cast(extract(day from date_day) as integer) as day_of_month,
        cast(extract(doy from date_day) as integer) as day_of_year,
        cast(extract(week from date_day) as integer) as iso_week,
        cast(extract(isoyear from date_day) as integer) as iso_year,
        cast(extract(month from date_day) as integer) as month_number,
        cast(extract(quarter from date_day) as integer) as quarter_number,
        cast(extract(year from date_day) as integer) as year_number,
        extract(isodow from date_day) >= 6 as is_weekend,
        date_day,
        cast({{ dbt.date_trunc('week', 'date_day') }} as date) as week_start_date,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start_date,
        cast({{ dbt.date_trunc('quarter', 'date_day') }} as date) as quarter_start_date,
        cast({{ dbt.date_trunc('year', 'date_day') }} as date) as year_start_date
    from dates

)

select * from final
