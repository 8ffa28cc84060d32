{#
    Statements that set owner and grants of every relation in the layers: also leftovers of a killed run, relations
    made by hand, and marts whose tags have changed since they were built.
#}
{% macro all_access_sql() -%}
    {{ return(adapter.dispatch('all_access_sql', 'branchline')()) }}
{%- endmacro %}

{% macro default__all_access_sql() -%}
{%- endmacro %}

{% macro postgres__all_access_sql() -%}
    {%- do keep_for_run('roles', none) -%}
    {%- set roles = warehouse_roles() -%}
    {%- if roles %}
    begin;
    {{ hand_over_sql(roles) }}
    commit;
    {%- set modelled = [] %}
    {%- for node in graph.nodes.values() if node.schema == 'marts' -%}
        {%- if node.resource_type in ('model', 'seed', 'snapshot') -%}
            {%- do modelled.append(node.alias) -%}
            {%- set statements = access_sql(
                api.Relation.create(
                    database=target.database, schema=node.schema, identifier=node.alias
                ),
                node,
                roles,
            ) | trim -%}
            {#- One by one, to avoid deadlocks with readers of several marts. #}
            {%- if statements %}
    begin;
    {{ statements }}
    commit;
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    begin;
    {{ abandoned_marts_sql(roles, modelled) }}
    commit;
    {%- endif -%}
{%- endmacro %}


{#
    Makes the transformers' role the owner of all relations of this user in the layers, and lets it read those of
    `operations` that marts show.
#}
{% macro hand_over_sql(roles) -%}
    {%- set layers = [
        'staging', 'intermediate', 'marts', 'marts_masked', 'reference', 'snapshots', 'operations'
    ] -%}
    do $branchline$
    declare
        found record;
    begin
        for found in
            select format('alter schema %I owner to %I', nspname, '{{ roles.transformer }}') as statement
            from pg_namespace
            where nspname in ('{{ layers | join("', '") }}')
                and nspname <> 'operations'
                and pg_get_userbyid(nspowner) <> '{{ roles.transformer }}'
                and pg_has_role(current_user, nspowner, 'usage')
            union all
            select format('alter table %I.%I owner to %I', nspname, relname, '{{ roles.transformer }}')
            from pg_class
            inner join pg_namespace on relnamespace = pg_namespace.oid
            where nspname in ('{{ layers | join("', '") }}')
                and relkind in ('r', 'p', 'v', 'm')
                and pg_get_userbyid(relowner) <> '{{ roles.transformer }}'
                and pg_has_role(current_user, relowner, 'usage')
                {#- The operations schema stays with its owner. #}
                and not (
                    nspname = 'operations'
                    and relowner = (
                        select datdba from pg_database where datname = current_database()
                    )
                )
            union all
            {#- A view of marts reads this table with the rights of the view's owner. #}
            select format('grant select on operations.%I to %I', relname, '{{ roles.transformer }}')
            from pg_class
            inner join pg_namespace on relnamespace = pg_namespace.oid
            where nspname = 'operations'
                and relname = 'mart_builds'
                and pg_has_role(current_user, relowner, 'usage')
                and not has_table_privilege('{{ roles.transformer }}', pg_class.oid, 'select')
        loop
            execute found.statement;
        end loop;
    end
    $branchline$;
    create schema if not exists marts_masked authorization {{ adapter.quote(roles.transformer) }};
    grant usage on schema marts
    to {{ adapter.quote(roles.analyst) }}, {{ adapter.quote(roles.pii_reader) }};
    grant usage on schema marts_masked to {{ adapter.quote(roles.analyst) }};
{%- endmacro %}


{# A mart without a model has no declared columns: closed to analysts. #}
{% macro abandoned_marts_sql(roles, modelled) -%}
    {%- for row in run_query(
        "select nspname, relname from pg_class"
        ~ " inner join pg_namespace on relnamespace = pg_namespace.oid"
        ~ " where nspname in ('marts', 'marts_masked') and relkind in ('r', 'p', 'v', 'm', 'f')"
        ~ " and relname not in ('" ~ (modelled or ['']) | join("', '") ~ "')"
        ~ " and pg_has_role(current_user, relowner, 'usage')"
    ).rows -%}
        {%- set relation = api.Relation.create(
            database=target.database, schema=row[0], identifier=row[1]
        ) %}
    revoke all on {{ relation }}
    from public, {{ adapter.quote(roles.loader) }}, {{ adapter.quote(roles.analyst) }};
    {%- endfor -%}
{%- endmacro %}
