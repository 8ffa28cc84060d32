{#
    The history of a list by the ledger, for lines that are worth what a list says of them: which value a key had
    while which file was the newest. The CTEs of an incremental model after a comma, with the select that ends it:

        `key`, `values`        of the list
        valid_from_file_id     the file that brought these values
        valid_to_file_id       the file that brought others; null while they hold

    A list that is sent again with the same values changes nothing. A key that is missing from a newer version keeps
    its values, so that an entry which leaves the list undoes no past sale. A version that is withdrawn takes its
    values with it: they are null until another version has the key.

    `list`: a relation of the list's lines, one `key` and `values` each, with file_id and line_number; the last line of
    a version counts. For a model with `meta.feed`, the strategy delete+insert and the unique key (`key`,
    valid_from_file_id).
#}
{% macro list_history(list, key, values) -%}
{%- set changed_files = changed_list_files() -%}
{%- set value_lines = values | join(',\n        ') -%}
-- An empty version takes the place of one that is withdrawn.
list_files as (

    select
        files.file_id,
        withdrawals.file_id as withdrawn_file_id
    from {{ ref('stg_ingest__files') }} as files
    left join {{ ref('stg_ingest__files') }} as withdrawals
        on
            files.superseded_by_file_id = withdrawals.file_id
            and withdrawals.row_count = 0
            and withdrawals.file_id <= {{ end_of_ledger() }}
    where
        {% if is_incremental() -%}
        files.file_id in ({{ changed_files }})
        {%- else -%}
        files.file_id <= {{ end_of_ledger() }}
        {%- endif %}

),

list_lines as (

    select
        lines.{{ key }},
        {%- for name in values %}
        lines.{{ name }},
        {%- endfor %}
        lines.file_id,
        list_files.withdrawn_file_id,
        row_number() over (
            partition by lines.{{ key }}, lines.file_id order by lines.line_number desc
        ) as place
    from {{ list }} as lines
    inner join list_files on lines.file_id = list_files.file_id
    where
        lines.{{ key }} is not null
        {%- if is_incremental() %}
        and lines.file_id in ({{ changed_files }})
        {%- endif %}

),

versions as (

    select
        {{ key }},
        {{ value_lines }},
        file_id,
        withdrawn_file_id
    from list_lines
    where place = 1
    {%- if is_incremental() %}
    union all
    select
        stored.{{ key }},
        {%- for name in values %}
        stored.{{ name }},
        {%- endfor %}
        stored.valid_from_file_id as file_id,
        cast(null as bigint) as withdrawn_file_id
    from {{ this }} as stored
    where
        stored.valid_to_file_id is null
        and stored.valid_from_file_id not in ({{ changed_files }})
        and stored.{{ key }} in (select list_lines.{{ key }} from list_lines)
    {%- endif %}

),

followed_versions as (

    select
        *,
        lead(file_id) over (
            partition by {{ key }} order by file_id
        ) as next_file_id
    from versions

),

spans as (

    select
        {{ key }},
        {{ value_lines }},
        file_id as started_file_id,
        least(next_file_id, withdrawn_file_id) as ended_file_id
    from followed_versions
    union all
    select
        {{ key }},
        {%- for name in values %}
        null as {{ name }},
        {%- endfor %}
        withdrawn_file_id as started_file_id,
        next_file_id as ended_file_id
    from followed_versions
    where withdrawn_file_id < coalesce(next_file_id, withdrawn_file_id + 1)

),

compared_spans as (

    select
        *,
        coalesce(
            lag(ended_file_id) over spans_before = started_file_id
            {%- for name in values %}
            and lag({{ name }}) over spans_before is not distinct from {{ name }}
            {%- endfor %},
            false
        ) as is_continued
    from spans
    window spans_before as (partition by {{ key }} order by started_file_id)

),

numbered_spans as (

    select
        *,
        sum(case when is_continued then 0 else 1 end) over (
            partition by {{ key }} order by started_file_id
        ) as span_number
    from compared_spans

),

history as (

    select
        {{ key }},
        {{ value_lines }},
        cast(min(started_file_id) as bigint) as valid_from_file_id,
        cast(nullif(max(coalesce(ended_file_id, 9223372036854775807)), 9223372036854775807) as bigint)
            as valid_to_file_id
    from numbered_spans
    group by {{ key }}, span_number, {{ values | join(', ') }}

)

select history.* from history
{%- if is_incremental() %}
left join {{ this }} as stored
    on
        history.{{ key }} = stored.{{ key }}
        and history.valid_from_file_id = stored.valid_from_file_id
where
    stored.{{ key }} is null
    or stored.valid_to_file_id is distinct from history.valid_to_file_id
{%- endif %}
{%- endmacro %}


{#
    Versions of the model's list (`meta.feed`) that are new, or withdrawn, since the model was built: a list of ledger
    ids. Not those that a new one has superseded, which change nothing in its history.
#}
{% macro changed_list_files() -%}
    {%- set files = ref('stg_ingest__files') -%}
    {%- if execute and is_incremental() -%}
        {%- set mark, end_of_ledger = high_water_mark(), end_of_ledger() -%}
        {{- files_listed(
            "select files.file_id from " ~ files ~ " as files left join " ~ files ~ " as withdrawals"
            ~ " on files.superseded_by_file_id = withdrawals.file_id and withdrawals.row_count = 0"
            ~ " where (files.file_id > " ~ mark ~ " or withdrawals.file_id > " ~ mark ~ ")"
            ~ " and files.file_id <= " ~ end_of_ledger
            ~ " and files.feed = '" ~ model.config.meta.feed ~ "' order by files.file_id"
        ) -}}
    {%- endif -%}
{%- endmacro %}
