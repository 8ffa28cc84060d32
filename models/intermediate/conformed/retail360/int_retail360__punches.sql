{#
    Incremental so that a punch is parsed once, when it is loaded, and once more when its version is superseded. Punches
    that break a rule are in int_retail360__refused_list_lines. The clock states seconds since midnight by the clock on
    the wall, so that shifts over a change of the clock are measured in UTC.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file', 'feed': 'retail360_employeesattendance'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['business_date', 'branch_key']},
            {'columns': ['employee_key']},
            {'columns': ['change_id']},
        ],
    )
}}

with lines as (

    {{ touched_lines(ref('stg_retail360__employeesattendance')) }}

),

stores as (

    {{ stores_of_files(ref('int_files__versioned'), 'retail360') }}

),

parsed_lines as (

    select
        lines.file_id,
        lines.line_number,
        lines.source_system,
        lines.change_id,
        lines.is_current,
        stores.branch_key,
        stores.branch_name,
        stores.time_zone,
        punches.movement,
        punches.is_manual,
        punches.business_date,
        {{ employee_id_in_store('lines.employee_id', 'lines.file_branch') }} as employee_id,
        {{ sequence_of('lines.sequence_text') }} as sequence_number,
        punches.business_date + punches.seconds * interval '1 second' as punched_at_local,
        {{ parse_moment('lines.changed_at_text') }} as changed_at,
        {{ named_reasons(rules_of_punches('lines', 'punches')) }} as reject_reasons,
        {{ stands_again_below('lines.record_key', 'lines') }} as is_id_doubled
    from lines
    inner join stores on coalesce(lines.file_branch, '') = stores.store_folder
    cross join lateral {{ values_of_punch('lines', 'punches') }}
    where punches.is_other_movement is not true
    {{ evaluate_once() }}

)

{{ conform(
    'punches',
    from='parsed_lines',
    expressions={
        'employee_key': employee_key(),
        'is_current': 'is_current and not is_id_doubled',
        'punched_at': local_to_utc('punched_at_local', 'time_zone'),
    }
) }}
where reject_reasons is null
