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

{% macro get_incremental_replace_branch_days_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['branch_key', 'business_date'], touched_branch_days()) }}
{% endmacro %}

{% macro get_incremental_replace_reported_branch_days_sql(arg_dict) %}
    {{ replace_sql(arg_dict, ['branch_key', 'business_date'], touched_reported_branch_days()) }}
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
