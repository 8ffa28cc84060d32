{#
    The rows of every version of a list, with `change_id` and `is_current`: true for the last row with its `key` in
    the current version, or, for a list read in portions, or of which files bring changed rows only, in all of them.
    Rows without a key are left out. `changed_at`: SQL of the time at which the source changed the row, where the list
    states it. The row that was changed last then counts, whichever file came first; of rows with the same time the one
    of the later file, then the later line. A row without a time is older than any with one.

    For a CTE; `list` and `files` are CTEs or relations: lines of versions, and the ledger's rows
    (stg_ingest__files; versions that were not loaded have no lines). Not as of the end of the ledger, because views
    cannot have a run's state: a version loaded while dbt builds is read by the models built after it, and by all in
    the next run.
#}
{% macro list_versions(list, files, key, changed_at=none) -%}
    select
        {{ list }}.*,
        coalesce({{ files }}.superseded_by_file_id, {{ list }}.file_id) as change_id,
        {{ files }}.status = 'loaded'
        and row_number() over (
            partition by {{ files }}.status, {{ list }}.{{ key }}
            order by
                {%- if changed_at %}
                {{ changed_at }} desc nulls last,
                {%- endif %}
                {{ list }}.file_id desc,
                {{ list }}.line_number desc
        ) = 1 as is_current
    from {{ list }}
    inner join {{ files }} on {{ list }}.file_id = {{ files }}.file_id
    where {{ list }}.{{ key }} is not null
{%- endmacro %}


{#
    Whether a later line of the same version of a list has the same `key`: then the line does not count. Per version,
    so that a few versions can be checked alone.
#}
{% macro stands_again_below(key, list=none) -%}
    {%- set of_list = list ~ '.' if list else '' -%}
    {{ key }} is not null
    and row_number() over (
        partition by {{ of_list }}file_id, {{ key }}
        order by {{ of_list }}line_number desc
    ) > 1
{%- endmacro %}
