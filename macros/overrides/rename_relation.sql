{#
    Before dbt puts a new table in the place of a mart, the old one's masking view goes; the post-hook
    makes the new one's in the same transaction. Whoever reads the view locks first the view and then
    the table. A build that locked the table first, by renaming it, and then the view would be in a
    deadlock with the reader.
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
