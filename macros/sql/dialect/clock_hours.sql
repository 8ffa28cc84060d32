{#
    For a lateral join: one row per hour of the branch's clock that may overlap with a stretch of time, as columns
    `hour_local` (its beginning on the clock), `hour_begins_at` and `hour_ends_at` (timestamps with time zone). Hours
    follow one another without a gap, so a stretch is the sum of what it shares with them. In the night in which a
    clock is set back an hour is two hours long, and where it is set forward none: real time is neither lost nor
    doubled.
#}
{% macro clock_hours(begins_at, ends_at, time_zone, alias) -%}
    {{ return(adapter.dispatch('clock_hours', 'branchline')(begins_at, ends_at, time_zone, alias)) }}
{%- endmacro %}

{#- The hour before the first one is included, because it may be the long one. -#}
{% macro postgres__clock_hours(begins_at, ends_at, time_zone, alias) -%}
    (
        select
            series.hour_local,
            {{ local_to_utc('series.hour_local', time_zone) }} as hour_begins_at,
            {{ local_to_utc("(series.hour_local + interval '1 hour')", time_zone) }} as hour_ends_at
        from generate_series(
            date_trunc('hour', {{ begins_at }} at time zone {{ time_zone }}) - interval '1 hour',
            {{ ends_at }} at time zone {{ time_zone }},
            interval '1 hour'
        ) as series (hour_local)
    ) as {{ alias }}
{%- endmacro %}
