{#
    Incremental so that a list of two hundred thousand ranges is read once, and once more when another one comes.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file', 'feed': 'electroniz_ip_ranges'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['file_id', 'ip_from']},
            {'columns': ['is_current', 'file_id']},
            {'columns': ['change_id']},
        ],
    )
}}

with lines as (

    {{ touched_lines(ref('stg_electroniz__ip_ranges')) }}

),

numbered_lines as (

    select
        *,
        {{ ip_number('ip_from_text') }} as ip_from,
        {{ ip_number('ip_to_text') }} as ip_to
    from lines
    {{ evaluate_once() }}

),

-- How far the ranges that begin before this one reach, in the same version.
reached as (

    select
        *,
        max(case when ip_from <= ip_to then ip_to end) over (
            partition by file_id
            order by ip_from, line_number
            rows between unbounded preceding and 1 preceding
        ) as reached_ip
    from numbered_lines

),

judged_lines as (

    select
        *,
        {{ named_reasons({
            'ip_from_unreadable': "ip_from is null",
            'ip_to_unreadable': "ip_to is null",
            'range_ends_before_it_begins': "ip_to < ip_from",
            'range_overlaps': "ip_from <= reached_ip",
        }) }} as reject_reasons
    from reached

),

final as (

    select
        file_id,
        line_number,
        source_system,
        change_id,
        is_current,
        country_code,
        country_name,
        reject_reasons,
        case
            when reject_reasons is not null
                then concat_ws(' | ', ip_from_text, ip_to_text, country_code, country_name)
        end as refused_text,
        ip_from,
        ip_to
    from judged_lines

)

select * from final
