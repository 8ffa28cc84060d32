{#
    A view on what each build noted (macros/incremental/mart_builds.sql), so that it has the build of the same run. In one
    pass over files and builds: a year has a hundred thousand of each, and a join by a range of numbers would compare all
    with all.
#}
{{ config(materialized='view') }}
{%- set objectives = var('data_lag_objective_minutes') %}

with builds as (

    select * from {{ operations_table('mart_builds') }}

),

file_events as (

    select * from {{ ref('int_file_events__newest') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

shown_subjects as (

    select distinct
        mart,
        subject
    from builds

),

-- Whether a file has an event that is newer than all those of the feed's files before it.
compared_files as (

    select
        file_events.subject,
        file_events.source_system,
        files.feed,
        file_events.file_id,
        coalesce(
            file_events.newest_event_at > max(file_events.newest_event_at) over (
                partition by file_events.subject, files.feed
                order by file_events.file_id
                rows between unbounded preceding and 1 preceding
            ),
            true
        ) as has_newer_event,
        file_events.newest_event_at,
        files.loaded_at
    from file_events
    inner join files on file_events.file_id = files.file_id

),

in_order as (

    select
        shown_subjects.mart,
        compared_files.subject,
        compared_files.source_system,
        compared_files.feed,
        compared_files.file_id,
        compared_files.has_newer_event,
        false as is_build,
        compared_files.newest_event_at,
        compared_files.loaded_at
    from compared_files
    inner join shown_subjects on compared_files.subject = shown_subjects.subject
    union all
    select
        mart,
        subject,
        cast(null as text) as source_system,
        cast(null as text) as feed,
        to_file_id as file_id,
        cast(null as boolean) as has_newer_event,
        true as is_build,
        cast(null as timestamp with time zone) as newest_event_at,
        cast(null as timestamp with time zone) as loaded_at
    from builds

),

-- The build that made a file visible is the next one in the order of the ledger.
followed_by_build as (

    select
        *,
        min(case when is_build then file_id end) over (
            partition by mart, subject
            order by file_id desc, is_build desc
            rows between unbounded preceding and current row
        ) as to_file_id
    from in_order

),

-- A batch: the files of a feed that one build made visible.
batches as (

    select
        mart,
        subject,
        source_system,
        feed,
        to_file_id,
        bool_or(has_newer_event) as has_newer_event,
        max(newest_event_at) as newest_event_at,
        min(loaded_at) as first_loaded_at,
        max(loaded_at) as last_loaded_at
    from followed_by_build
    where not is_build and to_file_id is not null
    group by mart, subject, source_system, feed, to_file_id

),

measured as (

    select
        batches.mart,
        batches.subject,
        batches.source_system,
        batches.feed,
        case
            when not batches.has_newer_event then 'late'
            when batches.newest_event_at < batches.last_loaded_at - interval '1 day'
                then 'backfilled'
            else 'new'
        end as kind,
        round(
            {{ seconds_between('batches.newest_event_at', 'builds.visible_at') }} / 60, 2
        ) as lag_minutes,
        round(
            {{ seconds_between('batches.first_loaded_at', 'builds.visible_at') }} / 60, 2
        ) as build_minutes,
        {{ company_date("builds.visible_at at time zone 'UTC'") }} as visible_on
    from batches
    inner join builds
        on
            batches.mart = builds.mart
            and batches.subject = builds.subject
            and batches.to_file_id = builds.to_file_id
    where builds.visible_at is not null

),

-- How long nothing new came: after a pause of hours the newest event of a batch may be fresh.
followed_builds as (

    select
        mart,
        subject,
        {{ seconds_between('lag(visible_at) over builds_before', 'visible_at') }} / 60
            as minutes_since_build,
        {{ company_date("visible_at at time zone 'UTC'") }} as visible_on
    from builds
    window builds_before as (partition by mart, subject order by to_file_id)

),

days_of_builds as (

    select
        mart,
        subject,
        max(minutes_since_build) as max_minutes_between_builds,
        visible_on
    from followed_builds
    where visible_on is not null
    group by mart, subject, visible_on

),

days as (

    select
        source_system,
        mart,
        subject,
        (
            array_agg(feed order by lag_minutes desc, feed asc) filter (where kind = 'new')
        )[1] as slowest_feed,
        count(*) filter (where kind = 'new') as batches,
        count(*) filter (where kind = 'late') as late_batches,
        count(*) filter (where kind = 'backfilled') as backfilled_batches,
        percentile_disc(0.5) within group (order by lag_minutes)
        filter (where kind = 'new') as median_minutes,
        percentile_disc(0.95) within group (order by lag_minutes)
        filter (where kind = 'new') as percentile_95_minutes,
        max(lag_minutes) filter (where kind = 'new') as max_minutes,
        max(build_minutes) filter (where kind = 'new') as max_build_minutes,
        {%- if objectives %}
        case subject
            {%- for subject, minutes in objectives.items() %}
            when '{{ subject }}' then {{ minutes }}
            {%- endfor %}
        end as objective_minutes,
        {%- else %}
        cast(null as integer) as objective_minutes,
        {%- endif %}
        visible_on
    from measured
    group by source_system, mart, subject, visible_on

),

final as (

    select
        days.source_system,
        days.mart,
        days.subject,
        days.slowest_feed,
        days.batches,
        days.late_batches,
        days.backfilled_batches,
        cast(days.median_minutes as numeric(12, 2)) as median_minutes,
        cast(days.percentile_95_minutes as numeric(12, 2)) as percentile_95_minutes,
        cast(days.max_minutes as numeric(12, 2)) as max_minutes,
        cast(days.max_build_minutes as numeric(12, 2)) as max_build_minutes,
        cast(round(days_of_builds.max_minutes_between_builds, 2) as numeric(12, 2))
            as max_minutes_between_builds,
        cast(days.objective_minutes as integer) as objective_minutes,
        days.max_minutes <= days.objective_minutes as is_met,
        days.visible_on
    from days
    inner join days_of_builds
        on
            days.mart = days_of_builds.mart
            and days.subject = days_of_builds.subject
            and days.visible_on = days_of_builds.visible_on
    where days.batches > 0

)

select * from final
