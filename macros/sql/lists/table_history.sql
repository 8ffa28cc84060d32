{#
    The history of a database's table by the ledger: which values a key had while which file was the newest. The table
    comes as one file, each version of which is complete, or in portions, all of which are current together. The CTEs
    of an incremental model after a comma, with the select that ends it:

        `key`, `values`        of the table
        `carried`              columns of the row that brought these values, such as its line; they are not compared
        valid_from_file_id     the file that brought these values
        valid_to_file_id       the version of this file that no longer has them; null while they hold

    Values that come again in the next version of their file change nothing. Unlike an entry that leaves a list
    (list_history), a row that is gone from the table ends. A key that is in several portions at once has several rows
    at a time: `states_of` says what it is then.

    `lines`: a CTE of the lines of new versions (`new_lines`), with file_id, line_number, and the columns. The last line
    of a version with the key counts. For a model with `meta.feed`, the strategy delete+insert and the unique key
    (`key`, valid_from_file_id).
#}
{% macro table_history(lines, key, values, carried=[]) -%}
{%- set end_of_ledger, mark = end_of_ledger(), high_water_mark() -%}
{%- set keys = key | join(', ') -%}
{%- set columns = key + values + carried -%}
table_files as (

    select
        file_id,
        min(file_id) over (partition by feed, logical_file) as first_file_id,
        case when superseded_by_file_id <= {{ end_of_ledger }} then superseded_by_file_id end
            as ended_file_id
    from {{ ref('int_files__versioned') }}
    where
        file_id <= {{ end_of_ledger }}
        {%- if model.config.meta.feed %}
        and feed = '{{ model.config.meta.feed }}'
        {%- endif %}

),

-- An older version that came late is superseded from the beginning.
placed_lines as (

    select
        {%- for name in columns %}
        lines.{{ name }},
        {%- endfor %}
        lines.file_id as started_file_id,
        table_files.first_file_id,
        table_files.ended_file_id,
        row_number() over (
            partition by {% for name in key %}lines.{{ name }}, {% endfor %}lines.file_id
            order by lines.line_number desc
        ) as place
    from {{ lines }} as lines
    inner join table_files on lines.file_id = table_files.file_id
    where
        lines.{{ key[0] }} is not null
        and coalesce(table_files.ended_file_id > table_files.file_id, true)

),
{%- if is_incremental() %}

-- Files that have a newer version now: rows that held in the one before may end.
replaced_files as (

    select
        first_file_id,
        ended_file_id
    from table_files
    where
        file_id <= {{ mark }}
        and ended_file_id > {{ mark }}

),
{%- endif %}

versions as (

    select
        {{ columns | join(',\n        ') }},
        started_file_id,
        first_file_id,
        ended_file_id
    from placed_lines
    where place = 1
    {%- if is_incremental() %}
    union all
    select
        {%- for name in columns %}
        stored.{{ name }},
        {%- endfor %}
        stored.valid_from_file_id as started_file_id,
        replaced_files.first_file_id,
        replaced_files.ended_file_id
    from {{ this }} as stored
    inner join table_files on stored.valid_from_file_id = table_files.file_id
    inner join replaced_files on table_files.first_file_id = replaced_files.first_file_id
    where stored.valid_to_file_id is null
    {%- endif %}

),

compared_versions as (

    select
        *,
        coalesce(
            lag(ended_file_id) over versions_before = started_file_id
            {%- for name in values %}
            and lag({{ name }}) over versions_before is not distinct from {{ name }}
            {%- endfor %},
            false
        ) as is_continued
    from versions
    window versions_before as (partition by {{ keys }}, first_file_id order by started_file_id)

),

numbered_versions as (

    select
        *,
        sum(case when is_continued then 0 else 1 end) over (
            partition by {{ keys }}, first_file_id order by started_file_id
        ) as span_number
    from compared_versions

),

history as (

    select
        {{ (key + values) | join(',\n        ') }},
        {%- for name in carried %}
        max(case when not is_continued then {{ name }} end) as {{ name }},
        {%- endfor %}
        cast(min(started_file_id) as bigint) as valid_from_file_id,
        cast(nullif(max(coalesce(ended_file_id, 9223372036854775807)), 9223372036854775807) as bigint)
            as valid_to_file_id
    from numbered_versions
    group by {{ keys }}, first_file_id, span_number, {{ values | join(', ') }}

)

select history.* from history
{%- if is_incremental() %}
left join {{ this }} as stored
    on
        {%- for name in key %}
        history.{{ name }} = stored.{{ name }}
        and
        {%- endfor %} history.valid_from_file_id = stored.valid_from_file_id
where
    stored.{{ key[0] }} is null
    or stored.valid_to_file_id is distinct from history.valid_to_file_id
{%- endif %}
{%- endmacro %}


{#
    Lines of new versions of the model's feed (`meta.feed`), of all versions in a full refresh, with `file_branch`. For
    the CTE of a model whose history `table_history` keeps.
#}
{% macro new_lines(lines) -%}
    {%- set new_files = new_versions() -%}
    select
        lines.*,
        files.file_branch
    from {{ lines }} as lines
    inner join {{ ref('int_files__versioned') }} as files on lines.file_id = files.file_id
    where
        {% if is_incremental() -%}
        lines.file_id in ({{ new_files }})
        and files.file_id in ({{ new_files }})
        {%- else -%}
        files.file_id <= {{ end_of_ledger() }}
        {%- endif %}
{%- endmacro %}


{# Versions of the model's feed (`meta.feed`) that came since the model was built: a list of ledger ids. #}
{% macro new_versions() -%}
    {%- set files = ref('int_files__versioned') -%}
    {%- if execute and is_incremental() -%}
        {{- files_listed(
            "select file_id from " ~ files ~ " where file_id > " ~ high_water_mark()
            ~ " and file_id <= " ~ end_of_ledger()
            ~ " and feed = '" ~ model.config.meta.feed ~ "' order by file_id"
        ) -}}
    {%- endif -%}
{%- endmacro %}


{#
    What a key of a history (table_history) is, one row at a time; CTEs, without a comma at the end, of which two are to
    be read: `{{ name }}_steady` has the keys that have not changed since they came, nearly all of them, and
    `{{ name }}_changed` each stretch of the others between two changes. A key is in one of the two. Both have

        `key`, `values`, valid_from_file_id, valid_to_file_id (null: still)

    `values`: by name an aggregate over the rows of the key that hold at a time, such as 'min(payment_type)'. With
    `prefer`, an order, only the first of these rows counts. While no row holds, after the last one has ended, the
    aggregates are those of one row of nulls.
    `spans`: a CTE or relation with all rows of its keys.
#}
{% macro states_of(spans, name, key, values, prefer=none) -%}
{{ name }}_spans as (

    select
        *,
        -- A word, because PostgreSQL takes half of the rows to be true.
        case
            when
                min(valid_from_file_id) over of_key = max(valid_from_file_id) over of_key
                and count(valid_to_file_id) over of_key = 0
                then 'steady'
            else 'changed'
        end as course
    from {{ spans }}
    window of_key as (partition by {{ key }})

),

{{ name }}_steady as (

    select
        {{ key }},
        {%- for value, aggregate in values.items() %}
        {{ aggregate }} as {{ value }},
        {%- endfor %}
        min(valid_from_file_id) as valid_from_file_id,
        cast(null as bigint) as valid_to_file_id
    from {{ name }}_spans
    where course = 'steady'
    group by {{ key }}

),

{{ name }}_boundaries as (

    select
        {{ key }},
        valid_from_file_id as boundary_file_id
    from {{ name }}_spans
    where course = 'changed'
    union
    select
        {{ key }},
        valid_to_file_id as boundary_file_id
    from {{ name }}_spans
    where course = 'changed' and valid_to_file_id is not null

),

{{ name }}_stretches as (

    select
        {{ key }},
        boundary_file_id as started_file_id,
        lead(boundary_file_id) over (
            partition by {{ key }} order by boundary_file_id
        ) as ended_file_id
    from {{ name }}_boundaries

),

{{ name }}_placed as (

    select
        spans.*,
        stretches.{{ key }} as state_key,
        stretches.started_file_id,
        stretches.ended_file_id,
        row_number() over (
            partition by stretches.{{ key }}, stretches.started_file_id
            order by {{ prefer or 'valid_from_file_id' }}
        ) as place
    from {{ name }}_stretches as stretches
    left join {{ name }}_spans as spans
        on
            stretches.{{ key }} = spans.{{ key }}
            and spans.course = 'changed'
            and stretches.started_file_id >= spans.valid_from_file_id
            and coalesce(stretches.started_file_id < spans.valid_to_file_id, true)

),

{{ name }}_changed as (

    select
        state_key as {{ key }},
        {%- for value, aggregate in values.items() %}
        {{ aggregate }} as {{ value }},
        {%- endfor %}
        started_file_id as valid_from_file_id,
        ended_file_id as valid_to_file_id
    from {{ name }}_placed
    {%- if prefer %}
    where place = 1
    {%- endif %}
    group by state_key, started_file_id, ended_file_id

)
{%- endmacro %}
