{#
    Grants on what dbt builds.

    `branchline warehouse roles` creates four roles and records their names in `operations.roles`. Without roles, or
    with prefixed schemas besides production, all of this does nothing. Otherwise:

    - all relations that dbt builds are owned by the transformers' role, so that all its members can build;
    - a mart is open to readers of personal data, and to analysts if all its columns are declared
      and none has `meta.contains_pii`;
    - for any other mart analysts read `marts_masked.<mart>`: a view in which personal columns are null or, with
      `meta.masked_by: token`, a token that is equal for equal values; of the mart itself they may select the other
      columns by name, as metrics do.

    Grants are set in the transaction that builds the mart, so that they always follow the current tags; and again for
    all marts at the end of a run, for marts that it did not build.
#}

{# Post-hook of every model, seed and snapshot. #}
{% macro settle_access() -%}
    {{ return(adapter.dispatch('settle_access', 'branchline')()) }}
{%- endmacro %}

{% macro default__settle_access() -%}
{%- endmacro %}

{% macro postgres__settle_access() -%}
    {%- set roles = warehouse_roles() -%}
    {%- if roles -%}
        {{ access_sql(this, model, roles) }}
    {%- endif -%}
{%- endmacro %}


{# On-run-end: all marts, built in this run or not. #}
{% macro settle_all_access() -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'snapshot') -%}
        {{ all_access_sql() }}
    {%- endif -%}
{%- endmacro %}


{# The same alone: dbt run-operation grant_marts #}
{% macro grant_marts() %}
    {% do refuse_owner() %}
    {% set statements = all_access_sql() | trim %}
    {% if statements %}
        {% do run_query(statements) %}
    {% endif %}
{% endmacro %}


{#
    Stops the command if the warehouse's owner, or a superuser, would build on other users' objects: their triggers,
    and the functions in their views, would run with the owner's rights. `branchline run` always builds with the
    transformers' rights.
#}
{% macro refuse_owner() %}
    {{ return(adapter.dispatch('refuse_owner', 'branchline')()) }}
{% endmacro %}

{% macro default__refuse_owner() %}
{% endmacro %}

{% macro postgres__refuse_owner() %}
    {% set owner = "(select datdba from pg_catalog.pg_database"
        ~ " where datname = pg_catalog.current_database())" %}
    {% set trusted = "(select oid from pg_catalog.pg_roles where rolsuper or oid = " ~ owner ~ ")" %}
    {% set layer = "(select nspowner from pg_catalog.pg_namespace where nspname = 'marts')" %}
    {% set found = run_query(
        "select exists (select from pg_catalog.pg_roles where rolname = session_user"
        ~ " and oid in " ~ trusted ~ ")"
        ~ " and " ~ layer ~ " not in " ~ trusted
        ~ " and (exists (select from pg_catalog.pg_auth_members where roleid = " ~ layer
        ~ " and member not in " ~ trusted ~ ")"
        ~ " or exists (select from pg_catalog.pg_proc where proowner not in " ~ trusted ~ "))"
    ).rows[0][0] %}
    {% if found %}
        {{ exceptions.raise_compiler_error(
            "The warehouse's owner must not run dbt directly where others build: their triggers and"
            ~ " functions would run with the owner's rights. Use `branchline run`, or another user:"
            ~ " branchline warehouse user NAME --role transformer"
        ) }}
    {% endif %}
{% endmacro %}


{# Purpose and name of the warehouse's roles at the start of the run; empty where there are none. #}
{% macro warehouse_roles() %}
    {% if not execute or generate_schema_name('marts', none) | trim != 'marts' %}
        {{ return({}) }}
    {% endif %}
    {% set roles = kept_for_run('roles') %}
    {{ return(roles if roles is not none else keep_for_run('roles', roles_now())) }}
{% endmacro %}


{% macro roles_now() %}
    {% set noted = run_query(
        "select count(*) from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid"
        ~ " where nspname = 'operations' and relname = 'roles'"
        ~ " and has_schema_privilege(pg_namespace.oid, 'usage')"
        ~ " and has_table_privilege(pg_class.oid, 'select')"
    ).rows[0][0] %}
    {% if not noted %}
        {{ return({}) }}
    {% endif %}
    {% set roles = {} %}
    {% for row in run_query(
        "select purpose, role_name from operations.roles inner join pg_roles on role_name = rolname"
    ).rows %}
        {#- They become part of statements. #}
        {% if not modules.re.fullmatch('[a-z][a-z0-9_]{0,62}', row[1]) %}
            {{ exceptions.raise_compiler_error(
                "operations.roles has a role that Branchline did not create. Check it: branchline"
                ~ " warehouse roles"
            ) }}
        {% endif %}
        {% do roles.update({row[0]: row[1]}) %}
    {% endfor %}
    {{ return(roles if roles | length == 4 else {}) }}
{% endmacro %}


{# Statements that set owner and grants of one relation; `node` is its model, seed or snapshot. #}
{% macro access_sql(relation, node, roles) -%}
    {%- set state = relation_state(relation, roles) -%}
    {%- if state and state.is_own and state.owner != roles.transformer %}
    alter table {{ relation }} owner to {{ adapter.quote(roles.transformer) }};
    {%- endif -%}
    {%- if state and state.is_own and relation.schema == 'marts' -%}
        {{ mart_access_sql(relation, node, roles, state) }}
    {%- endif -%}
{%- endmacro %}


{% macro mart_access_sql(relation, node, roles, state) -%}
    {%- set masked = masked_columns(node, state.columns) -%}
    {%- set wanted = [roles.pii_reader ~ ' SELECT'] -%}
    {%- set open_columns = [] -%}
    {%- if not masked -%}
        {%- do wanted.append(roles.analyst ~ ' SELECT') -%}
    {%- else -%}
        {%- for column in state.columns if column.name not in masked -%}
            {%- do open_columns.append(adapter.quote(column.name)) -%}
            {%- do wanted.append(roles.analyst ~ ' SELECT of ' ~ column.name) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if state.grants | sort != wanted | sort %}
    {#- This revokes grants on columns, too. #}
    revoke all on {{ relation }}
    from
        public,
        {{ adapter.quote(roles.loader) }},
        {{ adapter.quote(roles.analyst) }},
        {{ adapter.quote(roles.pii_reader) }};
    grant select on {{ relation }}
    to {{ adapter.quote(roles.pii_reader) }}
        {{- ', ' ~ adapter.quote(roles.analyst) if not masked }};
        {%- if open_columns %}
    grant select ({{ open_columns | join(', ') }}) on {{ relation }}
    to {{ adapter.quote(roles.analyst) }};
        {%- endif -%}
    {%- endif -%}
    {{ masking_view_sql(relation, node, roles, state, masked) }}
{%- endmacro %}


{#
    The masked columns by name: 'null' or 'token'. Analysts read a mart without masked columns directly. An undeclared
    column may contain anything, so it is masked.
#}
{% macro masked_columns(node, columns) %}
    {% set declared = {} %}
    {% for name, column in (node.columns or {}).items() %}
        {% do declared.update({name | lower: column}) %}
    {% endfor %}
    {% set whole = column_meta(node) %}
    {% set masked = {} %}
    {% for column in columns %}
        {% set found = declared.get(column.name | lower) %}
        {% set meta = column_meta(found) if found else {'contains_pii': true} %}
        {% if meta.get('contains_pii') or whole.get('contains_pii') %}
            {% do masked.update({
                column.name: 'token' if meta.get('masked_by') == 'token' else 'null'
            }) %}
        {% endif %}
    {% endfor %}
    {{ return(masked) }}
{% endmacro %}


{# `meta` of a column or a node, which dbt keeps in two places. #}
{% macro column_meta(thing) %}
    {% set meta = {} %}
    {% do meta.update(thing.get('meta') or {}) %}
    {% do meta.update((thing.get('config') or {}).get('meta') or {}) %}
    {{ return(meta) }}
{% endmacro %}


{#
    The state of a relation: oid, owner, whether we may change its owner, columns, grants of the roles and the public,
    and its masking view; none if it does not exist.
#}
{% macro relation_state(relation, roles) %}
    {% set found = run_query(
        "select json_build_object("
        ~ "'number', cast(pg_class.oid as bigint),"
        ~ "'owner', pg_get_userbyid(relowner),"
        ~ "'is_own', pg_has_role(current_user, relowner, 'usage'),"
        ~ "'columns', (select json_agg(json_build_object('name', attname,"
        ~ " 'type', format_type(atttypid, atttypmod)) order by attnum) from pg_attribute"
        ~ " where attrelid = pg_class.oid and attnum > 0 and not attisdropped),"
        ~ "'grants', (select coalesce(json_agg(name || ' ' || privilege), '[]') from ("
        ~ "  select grantee, privilege_type as privilege from aclexplode(relacl)"
        ~ "  union all select grantee, privilege_type || ' of ' || attname"
        ~ "  from pg_attribute cross join aclexplode(attacl)"
        ~ "  where attrelid = pg_class.oid and not attisdropped) as grants"
        ~ " cross join lateral (select case grantee when 0 then 'public'"
        ~ " else pg_get_userbyid(grantee) end) as grantees (name)"
        ~ " where grantee <> relowner and name in ('public', '" ~ roles.values() | join("', '") ~ "')),"
        ~ "'view_exists', exists (select from pg_views where schemaname = 'marts_masked'"
        ~ " and viewname = relname),"
        ~ "'view', (select json_build_object('number', cast(relation_number as bigint),"
        ~ " 'definition', definition) from operations.masked_views where view_name = relname)"
        ~ ") from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid"
        ~ " where nspname = '" ~ relation.schema ~ "' and relname = '" ~ relation.identifier ~ "'"
    ) %}
    {{ return(fromjson(found.rows[0][0]) if found.rows else none) }}
{% endmacro %}
