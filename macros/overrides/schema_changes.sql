{#
    The columns that an incremental run writes: those of the contract. dbt queries the columns of the new rows and of
    the table, each twice, and compares them. Here they cannot differ: rows are cast to the columns of the contract by
    name, and a model with a changed contract or code gets a full refresh (code_fingerprint).
#}
{% macro process_schema_changes(on_schema_change, source_relation, target_relation) %}
    {%- if not config.get('contract').enforced -%}
        {{ return(dbt.process_schema_changes(on_schema_change, source_relation, target_relation)) }}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do columns.append(api.Column.create(column.name, column.data_type)) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
