{#
    Union of an entity over all listed sources: the whole text of a model. Plain selects without a CTE, so that
    PostgreSQL pushes filters down to the indexes of each source's tables
    (docs/decisions/0002-replace-what-changed.md). Without any source: no rows.
#}
{% macro every_source(entity) -%}
    {{ union_of_sources(entity, 'int_{source}__' ~ entity, conformed_columns(entity)) }}
{%- endmacro %}


{#
    The history of a list of all listed sources: the rows of their snapshots, snap_<source>__<entity>, with
    `dbt_valid_from` and `dbt_valid_to`. Columns that only some snapshots keep are null in the others.
#}
{% macro every_history(entity) -%}
    {{ union_of_sources(
        entity,
        'snap_{source}__' ~ entity,
        dict(
            history_columns(entity),
            **dict(kept_columns(entity), **{'dbt_valid_from': 'timestamp', 'dbt_valid_to': 'timestamp'})
        ),
        kept_columns(entity)
    ) }}
{%- endmacro %}


{#
    The whole text of a snapshot: the current list. `relation` is the source's model of the entity. `adds`: columns that
    the contract keeps ('kept') and the source has; the YAML of the snapshot lists them, too.
#}
{% macro current_list(entity, relation, adds=[]) -%}
select
    {{ (history_columns(entity) | list + adds) | join(',\n    ') }}
from {{ relation }}
where is_current
{%- endmacro %}


{#
    Columns of a list that a snapshot keeps: without those that give the file and line, without keys made from the
    number alone, and without additional columns, which other sources would have to add to their snapshots.
#}
{% macro history_columns(entity) -%}
    {%- set columns = {} -%}
    {%- set additional = additional_columns(entity) -%}
    {%- for name, type in conformed_columns(entity).items() if name not in additional -%}
        {%- if name not in [
            'file_id', 'line_number', 'change_id', 'is_current', 'customer_key', 'employee_key'
        ] -%}
            {%- do columns.update({name: type}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}


{# Name and type of additional columns that snapshots keep, of sources that have them. #}
{% macro kept_columns(entity) -%}
    {%- set columns = {} -%}
    {%- for name, type in additional_columns(entity).items() -%}
        {%- if name in source_contracts()[entity].get('kept', []) -%}
            {%- do columns.update({name: type}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}


{#- `few`: those of the columns that not every source has: a snapshot has those which its YAML lists. #}
{% macro union_of_sources(entity, model_names, columns, few={}) -%}
    {%- for source_system in sources_with(entity) %}
    {%- set model_name = model_names.replace('{source}', source_system) -%}
    {%- set listed = graph.nodes.get('snapshot.branchline.' ~ model_name, {}).get('columns', {}) if execute else {} -%}
    {{- '\nunion all\n' if not loop.first -}}
select
        {%- for name, type in columns.items() %}
    {{ name if name not in few or name in listed else 'cast(null as ' ~ type ~ ') as ' ~ name }}
        {{- ',' if not loop.last }}
        {%- endfor %}
from {{ ref(model_name) }}
    {%- else -%}
select
        {%- for name, type in columns.items() %}
    cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
where false
    {%- endfor %}
{%- endmacro %}


{# Condition: the row is of a listed source that has the entity. #}
{% macro is_source_with(entity, source_system='source_system') -%}
    {%- set names = sources_with(entity) -%}
    {{ source_system ~ " in ('" ~ names | join("', '") ~ "')" if names else 'false' }}
{%- endmacro %}
