{#
    Incremental strategies: delete what was touched, insert what it is now.

    dbt's own delete+insert deletes only the keys that come back. Here a touched key may come back
    empty (a corrected file may take a day's last sale away), so the delete follows the same list of
    touched keys that the model read, not the rows it produced. Both run in one transaction.
#}

{% macro replace_sql(arg_dict, keys, touched) %}
    delete from {{ arg_dict['target_relation'] }}
    where ({{ keys | join(', ') }}) in ({{ touched }});
    {{ get_insert_into_sql(
        arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['dest_columns']
    ) }}
{% endmacro %}

{% macro get_incremental_replace_files_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['file_id'], touched_files()) }}
{% endmacro %}

{% macro get_incremental_replace_paths_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['feed', 'file_path'], touched_paths()) }}
{% endmacro %}

{% macro get_incremental_replace_customers_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['customer_key'], touched_customers()) }}
{% endmacro %}

{% macro get_incremental_replace_listed_customers_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['customer_key'], touched_listed_customers()) }}
{% endmacro %}

{% macro get_incremental_replace_branch_days_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['branch_key', 'business_date'], touched_branch_days()) }}
{% endmacro %}

{% macro get_incremental_replace_reported_branch_days_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['branch_key', 'business_date'], touched_reported_branch_days()) }}
{% endmacro %}

{% macro get_incremental_replace_judged_branch_days_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['branch_key', 'business_date'], touched_judged_branch_days()) }}
{% endmacro %}

{% macro get_incremental_replace_branch_weekdays_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['branch_key', 'weekday_number'], touched_branch_weekdays()) }}
{% endmacro %}

{% macro get_incremental_replace_branch_months_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['branch_key', 'sales_month'], touched_branch_months()) }}
{% endmacro %}

{% macro get_incremental_replace_reported_branch_months_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['branch_key', 'sales_month'], touched_reported_branch_months()) }}
{% endmacro %}

{% macro get_incremental_replace_source_weeks_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['source_system', 'sales_week'], touched_source_weeks()) }}
{% endmacro %}

{% macro get_incremental_replace_trends_sql(arg_dict) %}
    delete from {{ arg_dict['target_relation'] }}
    where period_end_date >= ({{ touched_trends_start() }});
    {{ get_insert_into_sql(
        arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['dest_columns']
    ) }}
{% endmacro %}

{% macro get_incremental_replace_branch_weeks_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['branch_key', 'sales_week'], touched_branch_weeks()) }}
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
