{#
    High-water marks of data tests.

    `operations.test_marks` has one row per data test that has passed: the newest file whose effects were in the
    models at that time. `operations.audits` has one row per run in which every data test of the project has read all
    of history and passed. The tables are created with those of the high-water marks.
#}

{# Reads all marks as the run starts; `are_there`: whether their table exists yet. #}
{% macro keep_test_marks(are_there) %}
    {% set marks = {} %}
    {% if are_there %}
        {% for row in run_query(
            "select test, file_id, fingerprint from " ~ operations_table('test_marks')
        ).rows %}
            {% do marks.update({row[0]: (row[1], row[2])}) %}
        {% endfor %}
    {% endif %}
    {% do keep_for_run('test marks', marks) %}
{% endmacro %}


{#
    Deletes the marks of all tests that read a model, directly or through non-incremental models: next time they read
    everything.
#}
{% macro forget_tests_of(model_id) %}
    {% set made_anew = graph.nodes.values()
        | selectattr('resource_type', 'in', ['model', 'snapshot'])
        | rejectattr('config.materialized', 'equalto', 'incremental') | list %}
    {% set shown_by = [model_id] %}
    {% for shown in shown_by %}
        {% for node in made_anew if shown in node.depends_on.nodes %}
            {% do shown_by.append(node.unique_id) if node.unique_id not in shown_by %}
        {% endfor %}
    {% endfor %}
    {% set tests = [] %}
    {% for node in graph.nodes.values() if node.resource_type == 'test' %}
        {% if node.depends_on.nodes | select('in', shown_by) | list %}
            {% do tests.append(node.unique_id) %}
            {% do kept_for_run('test marks').pop(node.unique_id, none) %}
        {% endif %}
    {% endfor %}
    delete from {{ operations_table('test_marks') }}
    where test in ('{{ tests | join("', '") }}');
{% endmacro %}


{#
    Runs at the end of a dbt command. A test that passed, or only warned, gets its mark. A test that failed keeps its
    old mark, so that it reads the same rows again; if it has read everything, it loses its mark, because the failing
    rows may be anywhere. A skipped test changes nothing.
#}
{% macro note_tests(results) %}
    {% if execute and flags.WHICH in ('build', 'test') %}
        {% set all_of_history = flags.WHICH == 'test' or var('audit') %}
        {% set marks = {} %}
        {% for row in run_query("select model, file_id from " ~ operations_table('high_water_marks')) %}
            {% do marks.update({row[0]: row[1]}) %}
        {% endfor %}
        {% set passed, failed, asked = [], [], [] %}
        {% for result in results if result.node.resource_type == 'test' %}
            {% do asked.append(result.node.unique_id) %}
            {% if result.status | string in ('pass', 'warn') %}
                {% do passed.append(result.node.unique_id) %}
            {% elif result.status | string != 'skipped' %}
                {% do failed.append(result.node.unique_id) %}
            {% endif %}
        {% endfor %}
        {% for test in passed %}
            {{ 'insert into ' ~ operations_table('test_marks') ~ ' (test, file_id, fingerprint) values'
                if loop.first }}
            (
                '{{ test }}',
                {{ tested_models_mark(test, marks) }},
                '{{ test_fingerprint(test) }}'
            ){{ ',' if not loop.last }}
            {{ 'on conflict (test) do update set file_id = excluded.file_id,'
                ~ ' fingerprint = excluded.fingerprint, passed_at = excluded.passed_at;' if loop.last }}
        {% endfor %}
        {% if failed and all_of_history %}
            delete from {{ operations_table('test_marks') }}
            where test in ('{{ failed | join("', '") }}');
        {% endif %}
        {% set tests = graph.nodes.values() | selectattr('resource_type', 'equalto', 'test')
            | map(attribute='unique_id') | list %}
        {% if all_of_history and passed | length == tests | length %}
            insert into {{ operations_table('audits') }} (invocation_id, tests)
            values ('{{ invocation_id }}', {{ passed | length }});
        {% endif %}
        {% if asked and not all_of_history %}
            {% do log(
                "Data tests have read the rows touched since they last passed. All of history is read by"
                ~ " `branchline run --audit` and by `dbt test`.", info=true
            ) %}
        {% endif %}
        {# A hook must be a statement. #}
        select 1
    {% endif %}
{% endmacro %}


{#
    The newest file whose effects are in all models that a test reads, directly or through views: the lowest of their
    marks; 0 where one has none; the end of the ledger where none is incremental.
#}
{% macro tested_models_mark(test, marks) -%}
    {%- set found = [] -%}
    {%- for name in incremental_inputs(test) -%}
        {%- do found.append(marks.get(name, 0)) -%}
    {%- endfor -%}
    {{- found | min if found else end_of_ledger() -}}
{%- endmacro %}
