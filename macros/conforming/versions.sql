{#
    Rows of the file versions that an incremental model of a source processes: new versions and versions they
    superseded; all of them in a full refresh. Adds `change_id` and `is_current`, both as of the end of the ledger
    that this run reads: a version superseded since then still counts.

    `relation` has `file_id` and `superseded_by_file_id`. For a CTE of a model with `meta.touched_by: file`.
#}
{% macro touched_versions(relation) -%}
    {%- set touched = touched('file') -%}
    {%- set end_of_ledger = end_of_ledger() -%}
    select
        *,
        case
            when superseded_by_file_id <= {{ end_of_ledger }} then superseded_by_file_id
            else file_id
        end as change_id,
        coalesce(superseded_by_file_id > {{ end_of_ledger }}, true) as is_current
    from {{ relation }}
    where
        {% if is_incremental() -%}
        file_id in ({{ touched }})
        {%- else -%}
        file_id <= {{ end_of_ledger }}
        {%- endif %}
    {{ evaluate_once() }}
{%- endmacro %}


{#
    Lines of a source from its staging model, of the file versions that an incremental model processes, with
    `logical_file`, `covers`, and whether their version is current. For a CTE of a model with `meta.touched_by: file`.
#}
{% macro touched_lines(lines) -%}
    {%- set touched = touched('file') -%}
    {%- set versioned_lines -%}
        (
            select
                lines.*,
                files.superseded_by_file_id,
                files.logical_file,
                files.file_branch,
                files.covers,
                files.file_business_date
            from {{ lines }} as lines
            inner join {{ ref('int_files__versioned') }} as files on lines.file_id = files.file_id
            {%- if is_incremental() %}
            -- PostgreSQL would read the whole ledger: it does not apply the condition on lines to it.
            where files.file_id in ({{ touched }})
            {%- endif %}
        ) as versioned_lines
    {%- endset -%}
    {{ touched_versions(versioned_lines) }}
{%- endmacro %}
