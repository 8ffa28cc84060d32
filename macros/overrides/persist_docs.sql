{#
    Descriptions as PostgreSQL comments, where they are not there yet. dbt asks three times for the columns of
    each relation and writes all comments again, every night; most nights none has changed. This asks once
    and writes those that differ.
#}
{% macro postgres__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set relation_docs = for_relation and config.persist_relation_docs() and model.description -%}
    {%- set column_docs = for_columns and config.persist_column_docs() and model.columns -%}
    {%- if relation_docs or column_docs -%}
        {%- set present = comments_of(relation) -%}
        {%- set statements = [] -%}
        {%- if relation_docs and present.relation != local_md5(model.description) -%}
            {%- do statements.append(alter_relation_comment(relation, model.description)) -%}
        {%- endif -%}
        {%- if column_docs -%}
            {%- set known = validate_doc_columns(relation, model.columns, present.columns | list) -%}
            {%- for name, column in known.items() -%}
                {%- if present.columns[name if column.quote else name | lower] != local_md5(column.description) -%}
                    {%- do statements.append(
                        'comment on column ' ~ relation ~ '.' ~ (adapter.quote(name) if column.quote else name)
                        ~ ' is ' ~ postgres_escape_comment(column.description) ~ ';'
                    ) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
        {%- if statements -%}
            {%- do run_query(statements | join('\n')) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{# The md5 of the comments on a relation and, by their names, on its columns; of an empty text for none. #}
{% macro comments_of(relation) -%}
    {%- set rows = run_query(
        "select cast(attname as text), md5(coalesce(col_description(attrelid, attnum), '')),"
        ~ " md5(coalesce(obj_description(attrelid, 'pg_class'), ''))"
        ~ " from pg_attribute where attrelid = to_regclass('" ~ relation ~ "')"
        ~ " and attnum > 0 and not attisdropped"
    ).rows -%}
    {%- set columns = {} -%}
    {%- for row in rows -%}
        {%- do columns.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {{ return({'relation': rows[0][2] if rows else none, 'columns': columns}) }}
{%- endmacro %}
