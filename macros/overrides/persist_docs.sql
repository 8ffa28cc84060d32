{#
    Writes changed descriptions as PostgreSQL comments. dbt queries the columns of each relation three times and
    writes all comments every night, though most nights none has changed. This queries once and writes those that
    differ.
#}
{% macro postgres__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set relation_docs = for_relation and config.persist_relation_docs() and model.description -%}
    {%- set column_docs = for_columns and config.persist_column_docs() and model.columns -%}
    {%- if relation_docs or column_docs -%}
        {%- set present = known_comments(relation, model) -%}
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


{#
    The comments on a model's relation, in the form of `comments_of`. A new table has none; for others they are as at
    the start of the run, from one query for all tables.
#}
{% macro known_comments(relation, model) -%}
    {%- set is_table = model.resource_type == 'model'
        and model.config.materialized in ('table', 'incremental')
        and model.config.contract.enforced -%}
    {%- if is_table and not is_incremental() -%}
        {%- set columns = {} -%}
        {%- for name in model.columns -%}
            {%- do columns.update({name: local_md5('')}) -%}
        {%- endfor -%}
        {{ return({'relation': local_md5(''), 'columns': columns}) }}
    {%- elif is_table -%}
        {%- set all_comments = kept_for_run('comments') -%}
        {%- if all_comments is none -%}
            {%- set all_comments = keep_for_run('comments', comments_of_tables()) -%}
        {%- endif -%}
        {%- if relation.schema ~ '.' ~ relation.identifier in all_comments -%}
            {{ return(all_comments[relation.schema ~ '.' ~ relation.identifier]) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(comments_of(relation)) }}
{%- endmacro %}


{# The comments on all tables of the schemas that dbt builds, by schema and name. #}
{% macro comments_of_tables() -%}
    {%- set schemas = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.schema not in schemas -%}
        {%- do schemas.append(node.schema) -%}
    {%- endfor -%}
    {{ return(fromjson(run_query(
        "select coalesce(json_object_agg(nspname || '.' || relname, json_build_object("
        ~ "'relation', md5(coalesce(obj_description(pg_class.oid, 'pg_class'), '')),"
        ~ "'columns', (select json_object_agg(attname, md5(coalesce(col_description(attrelid, attnum), '')))"
        ~ " from pg_attribute where attrelid = pg_class.oid and attnum > 0 and not attisdropped)"
        ~ ")), '{}') from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid"
        ~ " where relkind = 'r' and nspname in ('" ~ schemas | join("', '") ~ "')"
    ).rows[0][0])) }}
{%- endmacro %}


{# The md5 of the comments on a relation and, by name, on its columns; the md5 of an empty text for none. #}
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
