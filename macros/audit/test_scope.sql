{#
    Scope of data tests: how much of history a test reads.

    In `dbt build` a test reads the rows touched since it last passed, by its own mark (operations.test_marks).
    Everything is read

    - by `dbt test`;
    - in an audit: `dbt build --vars '{audit: true}'`, which is `branchline run --audit`;
    - by a test that is new, has changed, or has failed while reading everything;
    - by the tests of a model after a full refresh (first build, `--full-refresh`, changed reference data).

    A generic test gets its rows through `get_where_subquery`, dbt's extension point; a singular test calls
    `in_scope`. `meta.touched_by` gives the grain by which a model is touched.
#}

{# The ledger id up to which everything has passed this test; 0: it must read everything. #}
{% macro tested_up_to() -%}
    {%- if execute and flags.WHICH == 'build' and not var('audit') -%}
        {%- set mark = kept_for_run('test marks').get(model.unique_id) -%}
        {{- return(mark[0] if mark and mark[1] == test_fingerprint(model.unique_id) else 0) -}}
    {%- endif -%}
    {{ return(0) }}
{%- endmacro %}


{# A text that changes when the test does. #}
{% macro test_fingerprint(unique_id) -%}
    {%- set test = graph.nodes[unique_id] -%}
    {{ return(local_md5(
        modules.re.sub('(?s)--[^\n]*|{#.*?#}|\\s', '', test.raw_code)
        ~ tojson(test.test_metadata or none, sort_keys=true)
        ~ test.config.where
    )) }}
{%- endmacro %}


{# The condition that selects rows touched, by a grain, since the test last passed. #}
{% macro in_scope(grain, mark=none) -%}
    {%- set mark = tested_up_to() if mark is none else mark -%}
    {{- is_touched(grain, mark, built) if mark else 'true' -}}
{%- endmacro %}


{#
    A query of the rows in scope of a view whose rows PostgreSQL does not find through an index by the condition
    `in_scope`: of all sources, or with an aggregate or a converted amount.
#}
{% macro rows_in_scope(relation, grain) -%}
    {%- set mark = tested_up_to() -%}
    {%- if mark -%}
        {%- set same_keys = [] -%}
        {%- for key in grain_keys(grain) -%}{%- do same_keys.append('found.' ~ key ~ ' = wanted.' ~ key) -%}{%- endfor -%}
        {{ look_up(
            relation,
            'select distinct * from (' ~ changed_since(grain, mark, built) ~ ') as changed_keys',
            same_keys | join(' and ')
        ) }}
    {%- else -%}
        select * from {{ relation }}
    {%- endif -%}
{%- endmacro %}


{#
    The loader's ledger: the table, not a view of it, because dbt replaces views while tests run.
#}
{% macro ledger() -%}
    {{ return(graph.sources['source.branchline.ingest.ingest_files'].relation_name) }}
{%- endmacro %}

{# A model's table by name. Not `ref`: the scope of a test is not part of the lineage. #}
{% macro built(model_name) -%}
    {{ return(graph.nodes['model.branchline.' ~ model_name].relation_name) }}
{%- endmacro %}


{# What dbt uses in place of a generic test's table: its rows in scope that match `where`. #}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [] -%}
    {%- if config.get('where') -%}
        {%- do conditions.append('(' ~ config.get('where') ~ ')') -%}
    {%- endif -%}
    {%- if execute -%}
        {%- set grain = touched_by(model.attached_node or model.depends_on.nodes[0]) -%}
        {%- set mark = tested_up_to() if grain else 0 -%}
        {%- if mark > 0 -%}
            {%- do conditions.append(in_scope(grain, mark)) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if conditions -%}
        {{ return(
            "(select * from " ~ relation ~ " where " ~ conditions | join(' and ') ~ ") as tested"
        ) }}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}

{# The grain by which rows of a model or source are touched; none where a test reads them all. #}
{% macro touched_by(node_id) -%}
    {%- set node = graph.nodes.get(node_id) or graph.sources.get(node_id) -%}
    {%- if node is none or node.package_name != 'branchline' -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(node.config.get('meta', {}).get('touched_by')) }}
{%- endmacro %}
