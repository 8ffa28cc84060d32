{#
    Replaces views in place, so that they can be read while dbt works. dbt itself creates a new view and drops the old
    one, with all views that read it, until these are rebuilt in the same run.

    PostgreSQL replaces a view in place as long as its columns keep their names, types and order; otherwise it is
    dropped and created.

    An unchanged view is skipped. `operations.standing_views` has one row per view: a fingerprint of its query and
    descriptions, and the PostgreSQL rule of the view with the transaction that wrote it, which changes when anybody
    replaces or drops the view.
#}
{% materialization view, adapter='postgres' %}

    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set fingerprint = view_fingerprint(sql) -%}

    {%- if
        existing_relation is not none
        and not should_full_refresh()
        and view_stands(target_relation, fingerprint)
    -%}
        {%- do store_result('main', response='VIEW STANDS') -%}
        {{ return({'relations': [target_relation]}) }}
    {%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if existing_relation is not none and not existing_relation.is_view -%}
        {%- do adapter.drop_relation(existing_relation) -%}
    {%- endif %}

    {% call statement('main') -%}
        {%- if config.get('contract').enforced %}
        {{ get_assert_columns_equivalent(sql) }}
        {%- endif %}
        do $standing_view$
        begin
            create or replace view {{ target_relation }} as (
                {{ sql }}
            );
        exception when invalid_table_definition then
            drop view {{ target_relation }} cascade;
            create view {{ target_relation }} as (
                {{ sql }}
            );
        end
        $standing_view$;
    {%- endcall %}

    {%- do apply_grants(target_relation, config.get('grants'), should_revoke=True) -%}
    {%- do persist_docs(target_relation, model) -%}
    {%- do note_standing_view(target_relation, fingerprint) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}


{# A text that changes with the query or descriptions of the model's view. #}
{% macro view_fingerprint(sql) -%}
    {%- set parts = [sql, model.description, config.get('grants'), config.get('contract').enforced] -%}
    {%- for column in model.columns.values() -%}
        {%- do parts.append([column.name, column.data_type, column.description]) -%}
    {%- endfor -%}
    {{ return(local_md5(parts | string)) }}
{%- endmacro %}


{# Whether the view exists, as created with this fingerprint. #}
{% macro view_stands(relation, fingerprint) -%}
    {%- set standing = kept_for_run('standing views') -%}
    {%- if standing is none -%}
        {%- set standing = keep_for_run('standing views', fromjson(run_query(
            "select coalesce(json_object_agg(views.view_name, views.fingerprint), '{}')"
            ~ " from " ~ operations_table('standing_views') ~ " as views"
            ~ " inner join pg_catalog.pg_rewrite as rules on views.rule_oid = rules.oid"
            ~ " where views.rule_xmin = cast(rules.xmin as text)"
            ~ " and rules.ev_class = to_regclass(views.view_name)"
        ).rows[0][0])) -%}
    {%- endif -%}
    {{ return(standing.get(view_name(relation)) == fingerprint) }}
{%- endmacro %}


{# A view's name, as PostgreSQL looks it up. #}
{% macro view_name(relation) -%}
    {{ return(relation.include(database=false) | string) }}
{%- endmacro %}


{% macro note_standing_view(relation, fingerprint) -%}
    {%- do run_query(
        "insert into " ~ operations_table('standing_views')
        ~ " (view_name, fingerprint, rule_oid, rule_xmin)"
        ~ " select '" ~ view_name(relation) ~ "', '" ~ fingerprint ~ "',"
        ~ " oid, cast(xmin as text) from pg_catalog.pg_rewrite"
        ~ " where ev_class = to_regclass('" ~ relation ~ "') and rulename = '_RETURN'"
        ~ " on conflict (view_name) do update set fingerprint = excluded.fingerprint,"
        ~ " rule_oid = excluded.rule_oid, rule_xmin = excluded.rule_xmin"
    ) -%}
{%- endmacro %}
