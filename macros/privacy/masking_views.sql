{#
    The view that analysts read instead of a mart with personal data; dropped where it is not needed.

    It is bound to the table, not to its name, and is replaced only if the table or the columns have changed:
    replacing a view waits for its readers.
#}
{% macro masking_view_sql(relation, node, roles, state, masked) -%}
    {%- set view = masking_view(relation.identifier) -%}
    {%- if not masked -%}
        {%- if state.view_exists %}
    drop view {{ view }};
        {%- endif -%}
    {%- else -%}
        {%- set definition = masking_select(relation, state.columns, masked) -%}
        {%- set known = state.view or {} -%}
        {%- set fingerprint = local_md5(definition ~ masking_comments(view, node, masked)) -%}
        {%- if
            not state.view_exists
            or known.get('number') != state.number
            or known.get('definition') != fingerprint
        %}
    drop view if exists {{ view }};
    create view {{ view }} as
    {{ definition }};
    alter view {{ view }} owner to {{ adapter.quote(roles.transformer) }};
    grant select on {{ view }} to {{ adapter.quote(roles.analyst) }};
    {{ masking_comments(view, node, masked) }}
    insert into {{ operations_table('masked_views') }} (view_name, relation_number, definition)
    values ('{{ relation.identifier }}', {{ state.number }}, '{{ fingerprint }}')
    on conflict (view_name) do update set
        relation_number = excluded.relation_number,
        definition = excluded.definition;
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro masking_view(identifier) -%}
    {{ return(api.Relation.create(
        database=target.database, schema='marts_masked', identifier=identifier
    )) }}
{%- endmacro %}


{#
    Every column of the mart, personal ones as null or token. The secret of the tokens stays in a
    table that only the view's owner may read.
#}
{% macro masking_select(relation, columns, masked) -%}
    select
    {%- for column in columns %}
        {%- set name = adapter.quote(column.name) %}
        {%- if masked.get(column.name) == 'token' %}
        case
            when {{ name }} is not null then encode(
                sha256(
                    (select outer_key from {{ operations_table('masking_keys') }})
                    || sha256(
                        (select inner_key from {{ operations_table('masking_keys') }})
                        || convert_to(cast({{ name }} as text), 'UTF8')
                    )
                ),
                'hex'
            )
        end as {{ name }}
        {%- elif column.name in masked %}
        cast(null as {{ column.type }}) as {{ name }}
        {%- else %}
        {{ name }}
        {%- endif %}
        {{- ',' if not loop.last }}
    {%- endfor %}
    from {{ relation }}
{%- endmacro %}


{# The mart's descriptions, with a note on masked columns. #}
{% macro masking_comments(view, node, masked) -%}
    comment on view {{ view }} is {{ postgres_escape_comment(
        'As ' ~ node.schema ~ '.' ~ (node.alias or node.name) ~ ', without personal data: '
        ~ (masked | join(', ')) ~ ' masked.\n\n' ~ (node.description or '')
    ) }};
    {%- for name, column in (node.columns or {}).items() %}
    comment on column {{ view }}.{{ adapter.quote(name) }} is {{ postgres_escape_comment(
        {'null': 'Masked: always null. ', 'token': 'Masked: equal for equal values. '}.get(
            masked.get(name), ''
        ) ~ (column.description or '')
    ) }};
    {%- endfor %}
{%- endmacro %}
