{#
    Incremental strategies. `replace_touched`: delete what was touched (`meta.touched_by`, grains.sql), insert
    what it is now.

    dbt's own delete+insert deletes only the keys that come back. Here a touched key may come back
    empty (a corrected file may take a day's last sale away), so the delete follows the same list of
    touched keys that the model read, not the rows it produced. Both run in one transaction.
#}

{% macro get_incremental_replace_touched_sql(arg_dict) %}
    {%- set grain = config.get('meta').touched_by %}
    {%- set keys = grain_keys(grain) %}
    delete from {{ arg_dict['target_relation'] }}
    {%- if grain == 'trend_period' %}
    where period_end_date >= ({{ touched(grain) }});
    {%- else %}
    where ({{ keys | join(', ') }}) in ({{ touched(grain) }});
    {%- endif %}
    {%- if grain == 'file' %}
    -- Rows of other files that count, or no longer count, because of a touched one (overlaps.sql).
    delete from {{ arg_dict['target_relation'] }}
    where (file_id, line_number) in (
        select
            anew.file_id,
            anew.line_number
        from {{ arg_dict['temp_relation'] }} as anew
        where anew.file_id not in ({{ touched(grain) }})
    );
    {%- endif %}
    {{ get_insert_into_sql(
        arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['dest_columns']
    ) }}
{% endmacro %}


{#
    For tables in which a night can change any row, though it changes few: the model says what all of them
    are now, and only those that differ, have come or have gone are written. The table itself stays, and
    so do the views upon it, which the database would drop with a table that is swapped for a new one.
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
