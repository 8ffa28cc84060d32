{#
    Erasure of raw rows (`branchline withdraw --erase`): no model may keep rows built from them. The ledger has a row
    with the status `erasure` for each erased version.
#}

{#
    The newest erasure up to this run's end of the ledger, as part of a fingerprint; empty where there is none. A new
    one invalidates the marks of all models, so that each gets a full refresh from the current raw data.
#}
{% macro newest_erasure() -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'test') -%}
        coalesce((
            select '|erased ' || max(erasures.file_id)
            from {{ ledger() }} as erasures
            where
                erasures.status = 'erasure'
                and erasures.file_id <= (
                    select runs.end_of_ledger from {{ operations_table('dbt_runs') }} as runs
                    where runs.invocation_id = '{{ invocation_id }}'
                )
        ), '')
    {%- else -%}
        ''
    {%- endif -%}
{%- endmacro %}


{#
    Pre-hook of snapshots, which never get a full refresh: deletes the rows of an erased version of the list, unless
    another version has the same row. The row before stays valid until the next one begins, as if the erased version
    had never been loaded.
#}
{% macro forget_erased() %}
    {%- if execute and load_relation(this) is not none -%}
        {%- set feed = (config.get('meta') or {}).feed -%}
        {%- set found = run_query(
            "select exists (select from " ~ ledger() ~ " where status = 'erasure' and feed = '" ~ feed ~ "')"
        ) -%}
        {%- if found.rows[0][0] -%}
            {%- set node = graph.nodes[model.depends_on.nodes[0]] -%}
            {%- set list = adapter.get_relation(node.database, node.schema, node.alias) -%}
            {%- set listed = adapter.get_columns_in_relation(list) | map(attribute='name') | list -%}
            {%- set columns = [] -%}
            {%- for column in adapter.get_columns_in_relation(this) -%}
                {%- if column.name in listed and column.name != 'changed_at' -%}
                    {%- do columns.append(adapter.quote(column.name)) -%}
                {%- endif -%}
            {%- endfor -%}
            {{ rows_of_erased_versions_taken_out(this, list, feed, config.get('unique_key'), columns) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro rows_of_erased_versions_taken_out(history, list, feed, key, columns) %}
    with recursive erased as (

        delete from {{ history }} as kept
        where
            kept.changed_at in (
                select cast(files.loaded_at at time zone 'UTC' as timestamp)
                from {{ ledger() }} as files
                where files.feed = '{{ feed }}' and files.erased_by is not null
            )
            and not exists (
                select 1 from {{ list }} as listed
                where
                    listed.{{ key }} = kept.{{ key }}
                    and (
                        listed.changed_at = kept.changed_at
                        or (
                            {%- for column in columns %}
                            {{ 'and ' if not loop.first }}listed.{{ column }} is not distinct from kept.{{ column }}
                            {%- endfor %}
                        )
                    )
            )
        returning kept.{{ key }} as erased_key, kept.dbt_valid_from as started_at, kept.dbt_valid_to as ended_at

    ),

    -- Several erased versions may follow one another.
    gaps as (

        select
            erased_key,
            started_at,
            ended_at
        from erased
        union
        select
            gaps.erased_key,
            gaps.started_at,
            erased.ended_at
        from gaps
        inner join erased on gaps.erased_key = erased.erased_key and gaps.ended_at = erased.started_at

    ),

    whole_gaps as (

        select distinct on (erased_key, started_at)
            erased_key,
            started_at,
            ended_at
        from gaps
        order by erased_key asc, started_at asc, ended_at desc nulls first

    )

    update {{ history }} as kept
    set dbt_valid_to = whole_gaps.ended_at
    from whole_gaps
    where kept.{{ key }} = whole_gaps.erased_key and kept.dbt_valid_to = whole_gaps.started_at;
{% endmacro %}
