{#
    High-water marks of incremental models.

    `operations.high_water_marks` has one row per incremental model: the newest file (its ledger id) whose effects are
    in the model, and fingerprints of the reference data and of the code that it was built with. It is written in the
    transaction that writes the model. Where it is missing, or where reference data or code have changed since, the
    model gets a full refresh.

    `operations.dbt_runs` has one row per dbt command that builds or tests: the end of the ledger when the command
    started. Files loaded while dbt is building wait for the next run.
#}

{% macro operations_table(name) -%}
    {{ return(api.Relation.create(
        database=target.database,
        schema=generate_schema_name('operations', none) | trim,
        identifier=name,
    )) }}
{%- endmacro %}


{#
    Runs before dbt builds or tests anything: creates or upgrades the tables of marks and runs, and fixes the end of
    the ledger.
#}
{% macro open_dbt_run() %}
    {% if execute and flags.WHICH in ('run', 'build', 'test') %}
        {% do refuse_owner() %}
        {% set ledger = adapter.get_relation(target.database, 'raw', 'ingest_files') %}
        {% if ledger is none %}
            {{ exceptions.raise_compiler_error(
                "The raw layer does not exist yet. Run `branchline load` first: it creates the raw "
                ~ "tables, even without a file to load."
            ) }}
        {% endif %}
        {% do refuse_unfinished_erasure() %}
        {{ make_notes() }}
        insert into {{ operations_table('dbt_runs') }} (invocation_id, end_of_ledger, command)
        select '{{ invocation_id }}', coalesce(max(file_id), 0), '{{ flags.WHICH }}' from {{ ledger }};
    {% endif %}
{% endmacro %}


{#
    Creates the tables of marks, runs and tests, or columns missing from an older version. Only if missing, because
    even `if not exists` needs the right to create.
#}
{% macro make_notes() %}
    {% set known = run_query(
        "select cast(relname || '.' || attname as text) from pg_attribute"
        ~ " inner join pg_class on attrelid = pg_class.oid"
        ~ " inner join pg_namespace on relnamespace = pg_namespace.oid"
        ~ " where nspname = '" ~ operations_table('dbt_runs').schema ~ "' and attnum > 0"
    ).columns[0].values() %}
    {% if 'high_water_marks.model' not in known %}
        {% do adapter.create_schema(operations_table('dbt_runs')) %}
        create table {{ operations_table('high_water_marks') }} (
            model text primary key,
            file_id bigint not null,
            reference_fingerprint text not null,
            updated_at timestamptz not null default current_timestamp
        );
    {% endif %}
    {% if 'high_water_marks.code_fingerprint' not in known %}
        alter table {{ operations_table('high_water_marks') }}
        add column code_fingerprint text not null default '';
    {% endif %}
    {% if 'high_water_marks.rates_file_id' not in known %}
        alter table {{ operations_table('high_water_marks') }} add column rates_file_id bigint;
    {% endif %}
    {% if 'dbt_runs.invocation_id' not in known %}
        create table {{ operations_table('dbt_runs') }} (
            invocation_id text primary key,
            end_of_ledger bigint not null,
            started_at timestamptz not null default current_timestamp
        );
    {% endif %}
    {% if 'dbt_runs.command' not in known %}
        alter table {{ operations_table('dbt_runs') }} add column command text not null default 'build';
    {% endif %}
    {% if 'test_marks.test' not in known %}
        create table {{ operations_table('test_marks') }} (
            test text primary key,
            file_id bigint not null,
            fingerprint text not null,
            passed_at timestamptz not null default clock_timestamp()
        );
    {% endif %}
    {% do keep_test_marks(are_there='test_marks.test' in known) %}
    {% if 'standing_views.view_name' not in known %}
        create table {{ operations_table('standing_views') }} (
            view_name text primary key,
            fingerprint text not null,
            rule_oid oid not null,
            rule_xmin text not null
        );
    {% endif %}
    {% if 'mart_builds.mart' not in known %}
        create table {{ operations_table('mart_builds') }} (
            mart text,
            subject text,
            to_file_id bigint,
            visible_at timestamptz,
            primary key (mart, subject, to_file_id)
        );
    {% endif %}
    {% if 'audits.invocation_id' not in known %}
        create table {{ operations_table('audits') }} (
            invocation_id text primary key,
            tests integer not null,
            finished_at timestamptz not null default clock_timestamp()
        );
    {% endif %}
{% endmacro %}


{# The newest ledger id that this run may read. #}
{% macro end_of_ledger() -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'test') -%}
        {%- set found = kept_for_run('end of ledger') -%}
        {%- if found is none -%}
            {%- set found = keep_for_run('end of ledger', run_query(
                "select end_of_ledger from " ~ operations_table('dbt_runs')
                ~ " where invocation_id = '" ~ invocation_id ~ "'"
            ).rows[0][0]) -%}
        {%- endif -%}
        {{- found -}}
    {%- else -%}
        null
    {%- endif -%}
{%- endmacro %}


{#
    A text that changes when the reference data that facts are computed with changes: the branches seed, the rates of
    VAT, names of stock places, the defaults of the company and of sources for unlisted branches, the calendar; and when
    rows of raw are erased.
#}
{% macro reference_fingerprint() -%}
    (
        select md5(
            '{{ var("company_time_zone") }}|{{ var("company_currency") }}'
            || '|{{ var("calendar_start") }}|{{ var("calendar_end") }}|'
            || '{{ tojson(var("source_defaults"), sort_keys=true) | replace("'", "''") }}|'
            || coalesce(
                string_agg(
                    cast(branches as text), '|' order by branches.source_system, branches.branch_name
                ),
                ''
            )
            || coalesce(
                (
                    select string_agg(
                        cast(rates as text), '|' order by rates.country_code, rates.valid_from
                    )
                    from {{ ref('vat_rates') }} as rates
                ),
                ''
            )
            || coalesce(
                (
                    select string_agg(
                        cast(places as text), '|' order by places.source_system, places.place_name
                    )
                    from {{ ref('stock_places') }} as places
                ),
                ''
            )
            || {{ newest_erasure() }}
        )
        from {{ ref('branches') }} as branches
    )
{%- endmacro %}


{#
    A text that changes when the code of a model, by default this one, changes: its own file, its columns and
    constraints, the views and the macros of macros/sql and macros/conforming that it computes its rows with, and the
    vars that these name. Comments, spaces and line ends do not count. Tables that it reads have marks of their own.
#}
{% macro code_fingerprint(unique_id=none) -%}
    {%- if not execute -%}
        {{ return('') }}
    {%- endif -%}
    {%- set unique_id = unique_id or model.unique_id -%}
    {%- set kept = kept_for_run('code of ' ~ unique_id) -%}
    {%- if kept is not none -%}
        {{ return(kept) }}
    {%- endif -%}
    {#- From `graph`, which does not change: dbt adds to `model` while rendering, and the result must be the same when
    the model is compiled and when it is built. -#}
    {%- set this_node = graph.nodes[unique_id] -%}
    {%- set nodes = [unique_id] -%}
    {%- set macros = [] -%}
    {%- set parts = [
        tojson(this_node.constraints or none, sort_keys=true),
        tojson(this_node.config.indexes or none, sort_keys=true),
    ] -%}
    {%- if this_node.config.meta.settings -%}
        {%- do parts.append(tojson(this_node.config.meta.settings, sort_keys=true)) -%}
    {%- endif -%}
    {%- for column in this_node.columns.values() -%}
        {%- do parts.append(
            column.name ~ '|' ~ column.data_type ~ '|' ~ tojson(column.constraints, sort_keys=true)
        ) -%}
    {%- endfor -%}
    {%- for node_id in nodes -%}
        {%- set node = graph.nodes[node_id] -%}
        {%- do parts.append(modules.re.sub('(?s)--[^\n]*|{#.*?#}|\\s', '', node.raw_code)) -%}
        {%- do macros.extend(node.depends_on.macros) -%}
        {%- for above in node.depends_on.nodes if above not in nodes -%}
            {%- if above in graph.nodes and graph.nodes[above].config.materialized == 'view' -%}
                {%- do nodes.append(above) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set texts = {} -%}
    {%- for macro_id in macros if macro_id not in texts -%}
        {%- set found = macro_named(macro_id) -%}
        {%- if found is not none -%}
            {%- do texts.update({
                macro_id: modules.re.sub('(?s){#.*?#}|\\s', '', found.macro_sql)
            }) -%}
            {%- do macros.extend(found.depends_on.macros) -%}
        {%- else -%}
            {%- do texts.update({macro_id: ''}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for text in parts + texts.values() | list -%}
        {%- for name in modules.re.findall('[^a-z_]var\\([\'"]([a-z_]+)[\'"]\\)', text) -%}
            {%- do parts.append(name ~ '=' ~ var(name)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(keep_for_run(
        'code of ' ~ unique_id,
        local_md5(parts | join('\n') ~ tojson(texts, sort_keys=true))
    )) }}
{%- endmacro %}


{# dbt's node of a macro that rows are computed with; none for others. #}
{% macro macro_named(macro_id) -%}
    {%- set package, name = macro_id.split('.')[1:3] -%}
    {%- set found = context.get(package, {}).get(name) -%}
    {%- if found and (
        package == 'dbt_utils'
        or (
            package == 'branchline'
            and found.macro.original_file_path.startswith(('macros/sql', 'macros/conforming'))
        )
    ) -%}
        {{ return(found.macro) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}


{#
    The ledger id up to which a model is complete; 0 if there is none. By default of this model; then the mark is
    valid only for the model's current code.
#}
{% macro high_water_mark(model_name=none) -%}
    {%- if not execute -%}
        {#- Compared with a mark: the model is built after it. -#}
        {%- do reference_fingerprint() -%}
    {%- endif -%}
    {%- set found = valid_mark(model_name) if model_name is not none or is_incremental() else none -%}
    {{- found or 0 -}}
{%- endmacro %}


{#
    The same mark as a number, or none where the model needs a full refresh. A model's own mark is read many times
    while it is compiled and built, and cannot change: it is cached in `model`.
#}
{% macro valid_mark(model_name=none) -%}
    {#- Outside the condition, so that dbt sees the reference while parsing. -#}
    {%- set reference_fingerprint = reference_fingerprint() -%}
    {%- if not execute or flags.WHICH not in ('run', 'build', 'test') -%}
        {{ return(none) }}
    {%- endif -%}
    {%- if model_name is none and 'valid_mark' in model -%}
        {{ return(model.valid_mark) }}
    {%- endif -%}
    {%- set found = run_query(
        "select file_id from " ~ operations_table('high_water_marks')
        ~ " where model = '" ~ (model_name or this.identifier) ~ "'"
        ~ " and reference_fingerprint = " ~ reference_fingerprint
        ~ ("" if model_name else " and code_fingerprint = '" ~ code_fingerprint() ~ "'")
    ).rows -%}
    {%- set mark = found[0][0] if found else none -%}
    {%- if model_name is none -%}
        {%- do model.update({'valid_mark': mark}) -%}
    {%- endif -%}
    {{ return(mark) }}
{%- endmacro %}


{#
    dbt calls this for every incremental model. Besides `--full-refresh`, a model without a valid mark gets a full
    refresh: changed code may mean other columns, changed reference data other keys.
#}
{% macro should_full_refresh() -%}
    {%- set asked = config.get('full_refresh') -%}
    {%- if asked is none -%}
        {%- set asked = flags.FULL_REFRESH -%}
    {%- endif -%}
    {%- if
        not asked
        and execute
        and flags.WHICH in ('run', 'build')
        and model.config.materialized == 'incremental'
    -%}
        {{ return(valid_mark() is none) }}
    {%- endif -%}
    {{ return(asked) }}
{%- endmacro %}


{# Condition on int_files__versioned: the version was current when `mark` was the newest file. #}
{% macro counts_as_of(mark) -%}
    (file_id <= {{ mark }} and coalesce(superseded_by_file_id > {{ mark }}, true))
{%- endmacro %}


{#
    Names of all downstream models. After a full refresh they cannot read from this model what it no longer has, such
    as former first purchases.
#}
{% macro models_below() %}
    {% set found = [model.unique_id] %}
    {% set names = [] %}
    {% for _ in graph.nodes %}
        {% set known = found | length %}
        {% for node in graph.nodes.values() if node.resource_type == 'model' %}
            {% if node.unique_id not in found %}
                {% for parent in node.depends_on.nodes if parent in found %}
                    {% if loop.first %}
                        {% do found.append(node.unique_id) %}
                        {% do names.append(node.name) %}
                    {% endif %}
                {% endfor %}
            {% endif %}
        {% endfor %}
        {% if found | length == known %}
            {{ return(names) }}
        {% endif %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}


{#
    Names of the incremental models that a model or test reads, directly or through non-incremental models. Their
    marks limit its own.
#}
{% macro incremental_inputs(node_id) -%}
    {%- set names = [] -%}
    {%- set seen = [node_id] -%}
    {%- for reader in seen -%}
        {%- for input in graph.nodes[reader].depends_on.nodes if input in graph.nodes and input not in seen -%}
            {%- set node = graph.nodes[input] -%}
            {%- if node.config.materialized == 'incremental' -%}
                {%- do names.append(node.name) if node.name not in names -%}
            {%- else -%}
                {%- do seen.append(input) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}


{#
    The newest file whose effects are in all inputs of this model: the lowest of their marks, or the end of the ledger
    where it reads raw. An input built with other reference data has no mark; then this model has none until the input
    is rebuilt.
#}
{% macro mark_of_inputs() -%}
    {#- Outside the condition, so that dbt sees the reference while parsing. -#}
    {%- set reference_fingerprint = reference_fingerprint() -%}
    {%- if not execute or flags.WHICH not in ('run', 'build', 'test') -%}
        {{ return('null') }}
    {%- endif -%}
    {%- set marks = {} -%}
    {%- for row in run_query(
        "select model, file_id from " ~ operations_table('high_water_marks')
        ~ " where reference_fingerprint = " ~ reference_fingerprint
    ).rows -%}
        {%- do marks.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {%- set found = [] -%}
    {%- for name in incremental_inputs(model.unique_id) -%}
        {%- do found.append(marks.get(name, 0) | int) -%}
    {%- endfor -%}
    {{ return(found | min if found else end_of_ledger()) }}
{%- endmacro %}


{#
    Post-hook of all models. Non-incremental ones have no mark: it only notes the build of those with `meta.data_lag`.
    The mark of an incremental one becomes that of its inputs. A full refresh deletes the marks of all downstream
    models, so that they get a full refresh, too, in this run or a later one, and of all tests that read it, so that
    they read everything.

    A mark that has gone back since (`step_back_readers`) has not done so for a model that adds receipts to stored rows:
    it has those of the newest file already, whatever its inputs have still to do. Only `rates_file_id` goes back.
#}
{% macro advance_high_water_mark() %}
    {%- if model.config.materialized == 'incremental' -%}
        {#- Called while parsing, too, so that dbt sees the reference. -#}
        {%- set reference_fingerprint = reference_fingerprint() -%}
        {%- if execute and not is_incremental() %}
        analyze {{ this }};
        delete from {{ operations_table('high_water_marks') }}
        where model in ('{{ models_below() | join("', '") }}');
        {{ forget_tests_of(model.unique_id) }}
        {%- elif execute %}
        {{ refresh_statistics(this) }}
        {%- endif %}
        {%- set keeps_mark = execute and is_incremental() and (config.get('meta') or {}).adds_receipts %}
        {%- set mark = mark_of_inputs() %}
    insert into {{ operations_table('high_water_marks') }} as marks (
        model, file_id, rates_file_id, reference_fingerprint, code_fingerprint
    )
    values (
        '{{ this.identifier }}',
        {{ mark }},
        {{ mark }},
        {{ reference_fingerprint }},
        '{{ code_fingerprint() }}'
    )
    on conflict (model) do update set
        file_id = {{ "greatest(marks.file_id, excluded.file_id)" if keeps_mark else "excluded.file_id" }},
        rates_file_id = excluded.rates_file_id,
        reference_fingerprint = excluded.reference_fingerprint,
        code_fingerprint = excluded.code_fingerprint,
        updated_at = current_timestamp;
    {{ note_mart_builds(mark) }}
    {%- elif (config.get('meta') or {}).data_lag -%}
    {{ note_mart_builds(mark_of_inputs()) }}
    {%- endif -%}
{% endmacro %}


{#
    Post-hook of an incremental model that depends on a seed, beside the reference data above, and notes in `change_id`
    what it has changed. A seed changes without a file: the change has the number of the newest file, which the models
    downstream have processed. So their marks, and those of their tests, go back by one; they process again what that
    file has changed, and the changes of the seed. A model that adds receipts to stored rows (`meta.adds_receipts`)
    would add those of that file twice: only its mark for changed rates goes back (`rates_mark`).

    Once for each change: only where this transaction, which has also written the model's mark, has written a changed row. A build that is killed before its end
    has either left no changed row, or the marks that belong to it.
#}
{% macro step_back_readers() %}
    {%- if execute and is_incremental() -%}
        {%- set end = end_of_ledger() | int -%}
        {%- set changed = run_query(
            "select 1 from " ~ this ~ " where change_id = " ~ end ~ " and change_id > 0"
            ~ " and xmin = (select marks.xmin from " ~ operations_table('high_water_marks') ~ " as marks"
            ~ " where marks.model = '" ~ this.identifier ~ "') limit 1"
        ).rows -%}
        {%- if changed %}
            {%- set below = models_below() %}
            {%- set names = [] %}
            {%- for name in below if not graph.nodes['model.branchline.' ~ name].config.meta.adds_receipts %}
                {%- do names.append(name) %}
            {%- endfor %}
            {%- set tests = [] %}
            {%- for node in graph.nodes.values() if node.resource_type == 'test' %}
                {%- for name in below if 'model.branchline.' ~ name in node.depends_on.nodes %}
                    {%- do tests.append(node.unique_id) if loop.first %}
                {%- endfor %}
            {%- endfor %}
            {%- set marks = kept_for_run('test marks') %}
            {%- for test in tests if test in marks and marks[test][0] >= end %}
                {%- do marks.update({test: (end - 1, marks[test][1])}) %}
            {%- endfor %}
        update {{ operations_table('high_water_marks') }} set file_id = {{ end - 1 }}
        where file_id >= {{ end }} and model in ('{{ names | join("', '") }}');
        update {{ operations_table('high_water_marks') }} set rates_file_id = {{ end - 1 }}
        where rates_file_id >= {{ end }} and model in ('{{ below | join("', '") }}');
        update {{ operations_table('test_marks') }} set file_id = {{ end - 1 }}
        where file_id >= {{ end }} and test in ('{{ tests | join("', '") }}');
        {%- endif %}
    {%- endif -%}
{% endmacro %}


{#
    The newest file up to which this model has the changes of exchange rates, where that is not its mark: that of a
    model that adds receipts to stored rows. For other models, and for tests, `mark` itself. Marks of an older version
    lack the number; then the changes of the mark itself count as new.
#}
{% macro rates_mark(mark) -%}
    {%- if not (execute and model.config.meta.adds_receipts and is_incremental()) -%}
        {{ return(mark) }}
    {%- endif -%}
    {%- set found = run_query(
        "select coalesce(rates_file_id, file_id - 1) from " ~ operations_table('high_water_marks')
        ~ " where model = '" ~ this.identifier ~ "'"
    ).rows -%}
    {{ return(found[0][0] if found else mark) }}
{%- endmacro %}
