{#
    What has changed since the model that calls was last built, as what may stand in `in (...)`.

    The one rule: what is touched is found in the rows of the new files and of the versions that
    they superseded, never in a file's name. A model calls its macro outside of any
    `is_incremental()`, so that dbt sees the reference while parsing; its unit tests override it.

    Tests ask the same questions (macros/audit) with a mark of their own: what has changed since the
    test last passed.
#}

{#
    Files of the model's feed (`meta.feed`; of all feeds where it names none) that are new, and files that
    a new one has superseded: a list of ledger ids. A version changes twice at most, when it lands and when
    a newer one takes its place, and ids grow in the order of commits, so that "changed since" is "greater
    than". A list, and not a query, because the database can carry it down through every view to the index
    of the raw table.
#}
{% macro touched_files() -%}
    {%- set files = ref('int_files__versioned') -%}
    {%- if execute and is_incremental() -%}
        {{- files_since(high_water_mark(), end_of_ledger(), files, model.config.meta.feed) -}}
    {%- endif -%}
{%- endmacro %}

{% macro files_since(mark, end_of_ledger, files, feed=none) -%}
    {%- set found = run_query(
        "select file_id from " ~ files
        ~ " where (file_id > " ~ mark ~ " or superseded_by_file_id > " ~ mark ~ ")"
        ~ " and file_id <= " ~ end_of_ledger
        ~ (" and feed = '" ~ feed ~ "'" if feed else "")
        ~ " order by file_id"
    ) -%}
    {{- found.columns[0].values() | join(', ') or 'null' -}}
{%- endmacro %}


{# Where those files lay. A path names one logical file, so that its other versions are among them. #}
{% macro touched_paths() -%}
    select
        feed,
        file_path
    from {{ ref('int_files__versioned') }}
    where file_id in ({{ touched_files() }})
{%- endmacro %}


{# Customers with a receipt in a touched file. The unknown customer is no person: never touched. #}
{% macro touched_customers() -%}
    {{ customers_since(high_water_mark(), ref('int_branch_pos__transactions_checked')) }}
{%- endmacro %}

{% macro customers_since(mark, transactions_checked) -%}
    select distinct customer_key
    from {{ transactions_checked }}
    where
        change_id > {{ mark }}
        and customer_identified_by <> 'unknown'
{%- endmacro %}


{# Branches and business dates with a changed file, or with a receipt that is newly, or no longer, a first. #}
{% macro touched_branch_days() -%}
    {{ branch_days_since(high_water_mark(), ref('int_branch_days__changed')) }}
{%- endmacro %}

{% macro branch_days_since(mark, branch_days_changed) -%}
    select
        branch_key,
        business_date
    from {{ branch_days_changed }}
    where change_id > {{ mark }}
{%- endmacro %}


{# The same, and the same weekday a week later, which shows the touched day beside its own. #}
{% macro touched_reported_branch_days() -%}
    {{ and_a_week_later(touched_branch_days()) }}
{%- endmacro %}

{% macro and_a_week_later(branch_days) -%}
    select
        branch_key,
        business_date
    from ({{ branch_days }}) as branch_days
    union
    select
        branch_key,
        cast({{ dbt.dateadd('day', 7, 'business_date') }} as date) as business_date
    from ({{ branch_days }}) as branch_days
{%- endmacro %}


{# The weekdays (1 is Monday) of the touched days. #}
{% macro touched_branch_weekdays() -%}
    {{ weekdays_of(touched_branch_days()) }}
{%- endmacro %}

{% macro weekdays_of(branch_days) -%}
    select distinct
        branch_key,
        {{ weekday_number('business_date') }} as weekday_number
    from ({{ branch_days }}) as branch_days
{%- endmacro %}


{# The months of the touched days. #}
{% macro touched_branch_months() -%}
    {{ months_of(touched_branch_days()) }}
{%- endmacro %}

{% macro months_of(branch_days) -%}
    select distinct
        branch_key,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from ({{ branch_days }}) as branch_days
{%- endmacro %}


{# The same, and the months after them, which compare themselves to these. #}
{% macro touched_reported_branch_months() -%}
    {{ and_a_month_later(touched_branch_months()) }}
{%- endmacro %}

{% macro and_a_month_later(branch_months) -%}
    select
        branch_key,
        sales_month
    from ({{ branch_months }}) as branch_months
    union
    select
        branch_key,
        cast({{ dbt.dateadd('month', 1, 'sales_month') }} as date) as sales_month
    from ({{ branch_months }}) as branch_months
{%- endmacro %}
