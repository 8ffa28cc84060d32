{#
    How much of history a data test reads.

    `dbt build` has just built what a night touched, and its tests read what has been touched since they
    last passed, each test by a mark of its own (operations.test_marks). Everything is read

    - by `dbt test`: whoever asks for tests alone gets them over all of history;
    - in an audit: `dbt build --vars '{audit: true}'`, which is `branchline run --audit`;
    - by a test that is new, has changed, or has failed while it read everything;
    - by the tests of a model that was built afresh (first build, full refresh, other reference data).

    A generic test gets its rows through `get_where_subquery`, dbt's own point for that; a singular one
    asks `in_scope` for the condition itself. By which key a model is touched, its incremental strategy
    says, or `meta.tested_by`.
#}

{# The ledger id up to which everything has passed this test; 0: it has to read everything. #}
{% macro tested_up_to() -%}
    {%- if execute and flags.WHICH == 'build' and not var('audit') -%}
        {%- set found = run_query(
            "select file_id from " ~ operations_table('test_marks')
            ~ " where test = '" ~ model.unique_id ~ "'"
            ~ " and fingerprint = '" ~ test_fingerprint(model.unique_id) ~ "'"
        ) -%}
        {{- return(found.rows[0][0] if found.rows else 0) -}}
    {%- endif -%}
    {{ return(0) }}
{%- endmacro %}


{# A text that changes when the test does. #}
{% macro test_fingerprint(unique_id) -%}
    {%- set test = graph.nodes[unique_id] -%}
    {{ return(local_md5(
        modules.re.sub('(?s)--[^\n]*|{#.*?#}|\s', '', test.raw_code)
        ~ tojson(test.test_metadata or none, sort_keys=true)
        ~ test.config.where
    )) }}
{%- endmacro %}


{# The condition that keeps what has been touched, by the named key, since the test last passed. #}
{% macro in_scope(key, mark=none) -%}
    {%- set mark = tested_up_to() if mark is none else mark -%}
    {%- if mark == 0 -%}
        true
    {%- elif key == 'change' -%}
        change_id > {{ mark }}
    {%- elif key == 'file' -%}
        {{ files_in_scope('file_id', mark) }}
    {%- elif key == 'raw_file' -%}
        {{ files_in_scope('_file_id', mark) }}
    {%- elif key == 'path' -%}
        (feed, file_path) in (
            select
                feed,
                path as file_path
            from {{ ledger() }}
            where {{ files_in_scope('file_id', mark) }}
        )
    {%- elif key == 'customer' -%}
        {{ is_one_of(
            'customer_key', customers_since(mark, built('int_transactions__unioned'))
        ) }}
    {%- elif key == 'customer_month' -%}
        (customer_key, sales_month) in (
            {{ customer_months_since(mark, built('int_transactions__unioned')) }}
        )
    {%- elif key == 'listed_customer' -%}
        {{ is_one_of(
            'customer_key',
            listed_customers_since(
                mark,
                built('int_transactions__unioned'),
                built('stg_sales_desk__customers'),
                built('int_files__versioned')
            )
        ) }}
    {%- elif key == 'source_week' -%}
        (source_system, sales_week) in (
            {{ source_weeks_since(mark, built('int_transactions__unioned')) }}
        )
    {%- elif key == 'branch_week' -%}
        (branch_key, sales_week) in (
            {{ branch_weeks_since(
                mark,
                built('int_branch_days__changed'),
                built('int_customers__first_purchases'),
                built('int_transactions__unioned')
            ) }}
        )
    {%- else -%}
        {%- set branch_days = branch_days_since(mark, built('int_branch_days__changed')) -%}
        {%- if key == 'branch_day' -%}
            (branch_key, business_date) in ({{ branch_days }})
        {%- elif key == 'reported_branch_day' -%}
            (branch_key, business_date) in ({{ and_a_week_later(branch_days) }})
        {%- elif key == 'trends' -%}
            period_end_date >= (
                {{ trends_start(
                    mark, branch_days, built('rpt_daily_sales'), built('int_files__versioned')
                ) }}
            )
        {%- elif key == 'judged_branch_day' -%}
            (branch_key, business_date) in ({{ and_weeks_around(branch_days, 1) }})
        {%- elif key == 'branch_weekday' -%}
            (branch_key, weekday_number) in ({{ weekdays_of(branch_days) }})
        {%- elif key == 'branch_month' -%}
            (branch_key, sales_month) in ({{ months_of(branch_days) }})
        {%- elif key == 'day_of_branch_month' -%}
            (branch_key, business_date) in (
                select
                    branch_months.branch_key,
                    dates.date_day
                from ({{ months_of(branch_days) }}) as branch_months
                inner join {{ built('dim_dates') }} as dates
                    on branch_months.sales_month = dates.month_start_date
            )
        {%- elif key == 'reported_branch_month' -%}
            (branch_key, sales_month) in ({{ and_months_compared_to_them(months_of(branch_days)) }})
        {%- else -%}
            {{ exceptions.raise_compiler_error("Tests know no rows touched by " ~ key ~ ".") }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# Files that are new, and files that a new one has superseded: these by number, because few are. #}
{% macro files_in_scope(column, mark) -%}
    {%- set superseded = run_query(
        "select file_id from " ~ ledger()
        ~ " where superseded_by > " ~ mark ~ " and file_id <= " ~ mark
        ~ " order by file_id"
    ).columns[0].values() -%}
    ({{ column }} > {{ mark }} or {{ column }} in ({{ superseded | join(', ') or 'null' }}))
{%- endmacro %}

{#
    The loader's ledger: a table, and not one of the views above it, which dbt replaces while tests run.
#}
{% macro ledger() -%}
    {{ return(graph.sources['source.branchline.ingest.ingest_files'].relation_name) }}
{%- endmacro %}

{# A model's table by name. Not `ref`: the scope of a test is no line in the lineage. #}
{% macro built(model_name) -%}
    {{ return(graph.nodes['model.branchline.' ~ model_name].relation_name) }}
{%- endmacro %}


{# What dbt puts in the place of a generic test's table: its `where`, and what is in scope. #}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [] -%}
    {%- if config.get('where') -%}
        {%- do conditions.append('(' ~ config.get('where') ~ ')') -%}
    {%- endif -%}
    {%- if execute -%}
        {%- set key = touched_by(model.attached_node or model.depends_on.nodes[0]) -%}
        {%- set mark = tested_up_to() if key else 0 -%}
        {%- if mark > 0 -%}
            {%- do conditions.append(in_scope(key, mark)) -%}
        {%- endif -%}
    {%- endif -%}
    {%- if conditions -%}
        {{ return(
            "(select * from " ~ relation ~ " where " ~ conditions | join(' and ') ~ ") as tested"
        ) }}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}

{# By which key rows of a model or source are touched; none where a test reads them all. #}
{% macro touched_by(node_id) -%}
    {%- set node = graph.nodes.get(node_id) or graph.sources.get(node_id) -%}
    {%- if node is none or node.package_name != 'branchline' -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set by_strategy = {
        'replace_files': 'change',
        'replace_paths': 'path',
        'replace_customers': 'customer',
        'replace_listed_customers': 'listed_customer',
        'replace_branch_days': 'branch_day',
        'replace_reported_branch_days': 'reported_branch_day',
        'replace_judged_branch_days': 'judged_branch_day',
        'replace_branch_weekdays': 'branch_weekday',
        'replace_branch_weeks': 'branch_week',
        'replace_branch_months': 'branch_month',
        'replace_reported_branch_months': 'reported_branch_month',
        'replace_source_weeks': 'source_week',
        'replace_trends': 'trends',
    } -%}
    {{ return(
        node.config.get('meta', {}).get('tested_by')
        or by_strategy.get(node.config.get('incremental_strategy'))
    ) }}
{%- endmacro %}
