{#
    Creates a model's table with an enforced contract: first all rows, in the types of the contract, then the
    constraints. dbt-postgres declares the constraints first, which updates the index of the primary key row by row
    and cannot run in parallel: much slower on a table of millions. The result is the same.
#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {{ config.get('sql_header') or '' }}
    {%- if config.get('contract').enforced %}
    {#- An incremental run uses the code that the table was built with, which was checked then. -#}
    {%- if not temporary %}
    {{ get_assert_columns_equivalent(sql) }}
    {%- endif %}
    create {{ 'temporary' if temporary }} table {{ relation }} as
    select
        {%- for column in model.columns.values() %}
        {%- set name = adapter.quote(column.name) if column.quote else column.name %}
        cast({{ name }} as {{ column.data_type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        {{ sql }}
    ) as model_rows;
    {%- set constraints = [] if temporary else constraints_to_add() %}
    {%- if constraints %}
    alter table {{ relation }}
        {{ constraints | join(',\n        ') }};
    {%- endif %}
    {%- else %}
    create {{ 'temporary' if temporary }} table {{ relation }} as (
        {{ sql }}
    );
    {%- endif %}
{%- endmacro %}


{# The constraints of the model's contract as actions of one `alter table`. #}
{% macro constraints_to_add() -%}
    {%- set actions = [] -%}
    {%- for column in model.columns.values() -%}
        {%- set name = adapter.quote(column.name) if column.quote else column.name -%}
        {%- for constraint in column.constraints -%}
            {%- if constraint.type == 'not_null' -%}
                {%- do actions.append('alter column ' ~ name ~ ' set not null') -%}
            {%- elif constraint.type in ('primary_key', 'unique') -%}
                {%- do actions.append('add ' ~ constraint.type.replace('_', ' ') ~ ' (' ~ name ~ ')') -%}
            {%- elif constraint.type == 'check' -%}
                {%- do actions.append('add check (' ~ constraint.expression ~ ')') -%}
            {%- else -%}
                {{ exceptions.raise_compiler_error(
                    "A constraint of type " ~ constraint.type ~ " on a column of " ~ model.name
                    ~ " would not be created: see macros/overrides/create_table_as.sql."
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for rendered in adapter.render_raw_model_constraints(raw_constraints=model.constraints) -%}
        {%- do actions.append('add ' ~ rendered) -%}
    {%- endfor -%}
    {{ return(actions) }}
{%- endmacro %}
