{#
    Incremental strategies. `replace_touched`: deletes the touched rows (`meta.touched_by`, grains.sql) and inserts
    the new ones.

    dbt's delete+insert deletes only the keys in the new rows. A touched key may have no new rows (a corrected file
    may remove a day's last sale), so the delete uses the list of touched keys that the model read, not the rows it
    produced. Both run in one transaction. Rows of a model with `meta.counted_in` are counted as they are replaced
    (kept_counts.sql).
#}

{% macro get_incremental_replace_touched_sql(arg_dict) %}
    {%- set grain = config.get('meta').touched_by %}
    {%- set keys = grain_keys(grain) %}
    {%- if config.get('meta').counted_in %}
    {{ replace_and_count(
        arg_dict['target_relation'],
        arg_dict['temp_relation'],
        get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')),
        '(' ~ keys | join(', ') ~ ') in (' ~ touched(grain) ~ ')'
    ) }}
    {%- else %}
    delete from {{ arg_dict['target_relation'] }}
    {%- if grain == 'trend_period' %}
    where period_end_date >= ({{ touched(grain) }});
    {%- else %}
    where ({{ keys | join(', ') }}) in ({{ touched(grain) }});
    {%- endif %}
    {%- endif %}
    {%- if grain == 'file' %}
    -- Rows of other files that now count, or no longer count, because of a touched one
    -- (overlaps.sql).
    delete from {{ arg_dict['target_relation'] }}
    where (file_id, line_number) in (
        select
            new_rows.file_id,
            new_rows.line_number
        from {{ arg_dict['temp_relation'] }} as new_rows
        where new_rows.file_id not in ({{ touched(grain) }})
    );
    {%- endif %}
    {{ get_insert_into_sql(
        arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['dest_columns']
    ) }}
{% endmacro %}


{#
    For tables in which a night can change any row, but changes few: the model computes all rows, and only new,
    changed and removed rows are written. The table stays, and with it the views on it, which PostgreSQL would drop
    with a replaced table.
#}
{% macro get_incremental_replace_differences_sql(arg_dict) %}
    {%- set target, fresh = arg_dict['target_relation'], arg_dict['temp_relation'] -%}
    {%- set keys = arg_dict['unique_key'] -%}
    {%- set keys = [keys] if keys is string else keys -%}
    {%- set same_keys = [] -%}
    {%- for key in keys -%}
        {%- do same_keys.append('fresh.' ~ key ~ ' = stored.' ~ key) -%}
    {%- endfor %}
    delete from {{ target }} as stored
    where not exists (
        select 1 from {{ fresh }} as fresh
        where
            {{ same_keys | join(' and ') }}
            {%- for column in arg_dict['dest_columns'] if column.name not in keys %}
            and fresh.{{ adapter.quote(column.name) }}
            is not distinct from stored.{{ adapter.quote(column.name) }}
            {%- endfor %}
    );
    insert into {{ target }} ({{ get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) }})
    select {{ get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) }}
    from {{ fresh }} as fresh
    where not exists (
        select 1 from {{ target }} as stored
        where {{ same_keys | join(' and ') }}
    );
{% endmacro %}
