{{ dbt_utils.date_spine(
    datepart='month',
    start_date="cast('2024-01-01' as date)",
    end_date="(select cast('2024-03-01' as date))"
) }}
