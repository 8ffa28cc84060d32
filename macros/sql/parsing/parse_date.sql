{#
    A day as databases and spreadsheets write it, also followed by a time of day; null for other text or an ambiguous
    day: 2023-01-05, 20230105, 5 Jan 2023 and 25/01/2023, but not 05/01/2023. For lists; the dates of sales are parsed
    by `dated_lines`, which uses the other lines of the file.
#}
{% macro parse_date(text) -%}
    (
        select
            case
                when readings.is_year_short then null
                when readings.day_first_at is null then cast(readings.month_first_at as date)
                when
                    readings.month_first_at is null
                    or readings.day_first_at = readings.month_first_at
                    then cast(readings.day_first_at as date)
            end
        from {{ date_readings(text, 'readings') }}
    )
{%- endmacro %}


{#
    The same with its time of day; midnight where the text has none. `time_zone` as for date_readings: a time with an
    offset from UTC is converted to the time there.
#}
{% macro parse_moment(text, time_zone=none) -%}
    (
        select
            case
                when readings.is_year_short then null
                when readings.day_first_at is null then readings.month_first_at
                when
                    readings.month_first_at is null
                    or readings.day_first_at = readings.month_first_at
                    then readings.day_first_at
            end
        from {{ date_readings(text, 'readings', time_zone) }}
    )
{%- endmacro %}
