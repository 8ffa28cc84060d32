{#
    Lines that are worth what other lists of their source say: times, prices, the header of a document, how it was
    settled. A list changes in nights of its own, so a line has states: it is what the lists say while its own file is
    current. A former state is kept as a row that is not current where it counted, so that the days are found from
    which the line is gone.
#}

{#
    Two CTEs, `states` and `valued_lines`: a row per line and state, with the values of the histories, and

        change_id     the ledger id of the file that began the state, or that ended it if it has ended
        is_current    whether the state is the current one of a current file

    `lines`: a CTE or relation as `touched_lines` makes it; `columns`: those of its columns that are needed.
    `histories`: CTEs or relations with valid_from_file_id and valid_to_file_id (list_history, states_of), of which each
    key has one row at a time; by name the condition that joins them to `lines`. `values`: by name, SQL of their
    columns. `was_counted`: a condition on columns and values; former states that do not meet it are left out.
#}
{% macro valued_lines(lines, columns, histories, values, was_counted) -%}
{%- set starts, ends = [], [] -%}
{%- for history in histories -%}
    {%- do starts.append(history ~ '.valid_from_file_id') -%}
    {%- do ends.append(history ~ '.valid_to_file_id') -%}
{%- endfor -%}
-- The states of a line: the last of its file, and those that it had before.
states as (

    select
        {%- for name in columns %}
        lines.{{ name }},
        {%- endfor %}
        {%- for name, expression in values.items() %}
        {{ expression }} as {{ name }},
        {%- endfor %}
        lines.is_current as is_file_current,
        greatest(lines.file_id, {{ starts | join(', ') }}) as started_file_id,
        least(
            case when not lines.is_current then lines.change_id end,
            {{ ends | join(', ') }}
        ) as ended_file_id,
        coalesce(
            least({{ ends | join(', ') }})
            < case when lines.is_current then 9223372036854775807 else lines.change_id end,
            false
        ) as is_former
    from {{ lines }} as lines
    {%- for history, condition in histories.items() %}
    left join {{ history }}
        on
            {{ condition }}
            and coalesce(lines.file_id < {{ history }}.valid_to_file_id, true)
            and (lines.is_current or lines.change_id > {{ history }}.valid_from_file_id)
    {%- endfor %}

),

valued_lines as (

    select
        {{ (columns + values | list) | join(',\n        ') }},
        case
            when is_former or not is_file_current then ended_file_id
            else started_file_id
        end as change_id,
        is_file_current and not is_former as is_current
    from states
    where
        not is_former
        or (started_file_id < ended_file_id and {{ was_counted }})

)
{%- endmacro %}


{#
    Lines of current files that are not touched, of those that meet a condition: what a list has changed. As
    `touched_lines`, for a CTE of a model with `meta.touched_by: file` in a night. `condition` calls them `lines`.
#}
{% macro lines_of_untouched_files(lines, condition) -%}
    {%- set touched = touched('file') -%}
    {%- set end_of_ledger = end_of_ledger() -%}
    select
        lines.*,
        files.superseded_by_file_id,
        files.logical_file,
        files.file_branch,
        files.covers,
        files.file_business_date,
        lines.file_id as change_id,
        true as is_current
    from {{ lines }} as lines
    inner join {{ ref('int_files__versioned') }} as files on lines.file_id = files.file_id
    where
        files.file_id <= {{ end_of_ledger }}
        and coalesce(files.superseded_by_file_id > {{ end_of_ledger }}, true)
        and files.file_id not in ({{ touched }})
        and {{ condition }}
{%- endmacro %}


{#
    Whether a history (list_history) has changed since the model was built: then lines of untouched files are worth
    other values. Asked while dbt compiles the model, after the history was built, so that a night without a change does
    not look for such lines in all files. A unit test overrides it.
#}
{% macro is_history_changed(history) -%}
    {%- if not (execute and is_incremental()) -%}
        {{ return(false) }}
    {%- endif -%}
    {{ return(run_query(
        "select exists (select 1 from " ~ history ~ " where valid_from_file_id > " ~ high_water_mark() ~ ")"
    ).rows[0][0]) }}
{%- endmacro %}
