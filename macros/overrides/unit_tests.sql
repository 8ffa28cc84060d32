{#
    Unit tests with less work around the tested query; the query itself is dbt's. dbt asks the information schema for
    the columns of each input and of the result, each time in a macro context made anew, and drops a temporary table.
#}
{% materialization unit, adapter='postgres' %}

    {%- set sql = many_tokens(sql) -%}
    {%- set expected_rows = config.get('expected_rows') -%}
    {%- set expected_sql = config.get('expected_sql') -%}
    {%- set columns = fixture_columns(
        "create temporary table tested_columns on commit drop as select * from (\n" ~ sql ~ "\n) as tested limit 0;",
        "to_regclass('pg_temp.tested_columns')"
    ) -%}
    {%- if not expected_sql -%}
        {%- set expected_sql = get_expected_sql(expected_rows, columns.types, columns.quoted) -%}
    {%- endif -%}
    {%- set names = [] -%}
    {%- for name in (expected_rows[0] if expected_rows else columns.quoted) -%}
        {%- do names.append(columns.quoted[name | lower]) -%}
    {%- endfor -%}

    {% call statement('main', fetch_result=True) -%}
        {{ get_unit_test_sql(sql, expected_sql, names) }}
    {%- endcall %}

    {{ return({'relations': []}) }}

{% endmaterialization %}


{#
    The rows of an input as a query. As dbt's, which it replaces by its name; only the columns of the input come from
    the catalog.
#}
{% macro get_fixture_sql(rows, column_name_to_data_types) %}
    {%- set relations = [this, defer_relation] | select | list -%}
    {%- set found = [] -%}
    {%- for relation in relations -%}
        {%- do found.append("to_regclass('" ~ relation ~ "')") -%}
    {%- endfor -%}
    {%- set columns = fixture_columns('', 'coalesce(' ~ found | join(', ') ~ ')') -%}
    {%- if not columns.types -%}
        {{ exceptions.raise_compiler_error(
            "Not able to get columns for unit test '" ~ model.name ~ "' from relation " ~ this
            ~ " because the relation doesn't exist"
        ) }}
    {%- endif -%}
    {{ validate_fixture_rows(rows, row_number) }}
    {%- for row in rows or [{}] %}
    select
        {%- set given = format_row(row, columns.types) -%}
        {%- for name, type in columns.types.items() %}
        {{ given.get(name) or 'cast(null as ' ~ type ~ ')' }} as {{ columns.quoted[name] }}
        {{- ',' if not loop.last }}
        {%- endfor %}
        {{- ' union all' if not loop.last }}
    {%- endfor %}
    {{- ' limit 0' if not rows }}
{% endmacro %}


{#
    The values of a row as SQL, by column; replaces dbt's macro of this name, which calls three others for each value.
#}
{% macro format_row(row, column_name_to_data_types) -%}
    {%- set values = {} -%}
    {%- for given_name, value in row.items() -%}
        {%- set name = given_name | lower -%}
        {%- if name not in column_name_to_data_types -%}
            {%- set fixture = 'expected output' if model.resource_type == 'unit_test' else "'" ~ model.name ~ "'" -%}
            {{ exceptions.raise_compiler_error(
                "Invalid column name: '" ~ given_name ~ "' in unit test fixture for " ~ fixture ~ "."
                ~ "\nAccepted columns for " ~ fixture ~ " are: " ~ column_name_to_data_types | list
            ) }}
        {%- endif -%}
        {%- set type = column_name_to_data_types[name] -%}
        {%- if value is none -%}
            {%- set literal = 'null' -%}
        {%- elif value is string -%}
            {%- set literal = "'" ~ value | replace("'", "''") ~ "'" -%}
            {#- A cast to a length would cut the text without an error. -#}
            {%- set type = type.split('(')[0] if 'varying' in type else type -%}
        {%- else -%}
            {%- set literal = value -%}
        {%- endif -%}
        {%- do values.update({name: 'cast(' ~ literal ~ ' as ' ~ type ~ ')'}) -%}
    {%- endfor -%}
    {{ return(values) }}
{%- endmacro %}


{# The types and quoted names of a relation's columns, by name in lower case, after another statement has run. #}
{% macro fixture_columns(before, relation) %}
    {%- set types, quoted = {}, {} -%}
    {%- for row in run_query(
        before
        ~ " select cast(attname as text), format_type(atttypid, atttypmod) from pg_catalog.pg_attribute"
        ~ " where attrelid = " ~ relation ~ " and attnum > 0 and not attisdropped order by attnum"
    ).rows -%}
        {%- do types.update({row[0] | lower: row[1]}) -%}
        {%- do quoted.update({row[0] | lower: adapter.quote(row[0])}) -%}
    {%- endfor -%}
    {{ return({'types': types, 'quoted': quoted}) }}
{% endmacro %}
