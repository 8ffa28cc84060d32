{#
    Drops the masking view of a mart before dbt replaces the mart's table; the post-hook creates the new one in the
    same transaction. Readers of the view lock first the view and then the table. A build that locked first the table,
    by renaming it, and then the view would deadlock with them.
#}
{% macro postgres__rename_relation(from_relation, to_relation) -%}
    {%- if from_relation.schema == 'marts' and warehouse_roles() -%}
        {%- set view = masking_view(from_relation.identifier) -%}
        {%- set found = run_query(
            "select 1 from pg_views where schemaname = 'marts_masked'"
            ~ " and viewname = '" ~ from_relation.identifier ~ "'"
        ) -%}
        {%- if found.rows -%}
            {%- do run_query("drop view " ~ view) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do dbt.default__rename_relation(from_relation, to_relation) -%}
{%- endmacro %}
