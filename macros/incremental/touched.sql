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
    {{ customers_since(high_water_mark(), ref('int_transactions__unioned')) }}
{%- endmacro %}

{% macro customers_since(mark, transactions_checked) -%}
    select distinct customer_key
    from {{ transactions_checked }}
    where
        change_id > {{ mark }}
        and customer_identified_by <> 'unknown'
{%- endmacro %}

{% macro customer_months_since(mark, transactions) -%}
    select distinct
        customer_key,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from {{ transactions }}
    where
        change_id > {{ mark }}
        and customer_identified_by <> 'unknown'
        and business_date is not null
{%- endmacro %}


{# The same, and customers in a touched version of the customer list. #}
{% macro touched_listed_customers() -%}
    {{ listed_customers_since(
        high_water_mark(),
        ref('int_transactions__unioned'),
        ref('stg_sales_desk__customers'),
        ref('int_files__versioned')
    ) }}
{%- endmacro %}

{% macro listed_customers_since(mark, transactions, customers, files) -%}
    {{ customers_since(mark, transactions) }}
    union
    select {{ customer_key_of_number('customers.source_system', 'customers.customer_id') }}
    from {{ customers }} as customers
    inner join {{ files }} as files on customers.file_id = files.file_id
    where files.file_id > {{ mark }} or files.superseded_by_file_id > {{ mark }}
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


{# The same, and the same weekday of the weeks after it, which are held against the touched day. #}
{% macro touched_judged_branch_days() -%}
    {{ and_weeks_around(touched_branch_days(), 1) }}
{%- endmacro %}

{# Days, and the same weekday of so many weeks after them (direction 1) or before them (-1). #}
{% macro and_weeks_around(branch_days, direction) -%}
    select distinct
        branch_days.branch_key,
        cast(
            {{ dbt.dateadd('day', direction ~ ' * 7 * weeks.number', 'branch_days.business_date') }}
            as date
        ) as business_date
    from ({{ branch_days }}) as branch_days
    cross join (
        {%- for number in range(var('anomaly_weeks') + 1) %}
        {{ 'union all ' if not loop.first }}select {{ number }} as number
        {%- endfor %}
    ) as weeks
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

{#
    The weeks (by their Mondays) of the touched days; and, because a customer is new or not in whatever
    branch, all weeks in which a customer bought anything who made, or no longer made, the first purchase
    in them. That is another receipt now, or the same one with another date in a newer version of its file.
#}
{% macro touched_branch_weeks() -%}
    {{ branch_weeks_since(
        high_water_mark(),
        ref('int_branch_days__changed'),
        ref('int_customers__first_purchases'),
        ref('int_transactions__unioned')
    ) }}
{%- endmacro %}

{% macro branch_weeks_since(mark, branch_days_changed, first_purchases, transactions) -%}
    select
        branch_key,
        cast({{ dbt.date_trunc('week', 'business_date') }} as date) as sales_week
    from ({{ branch_days_since(mark, branch_days_changed) }}) as branch_days
    union
    select
        transactions.branch_key,
        cast({{ dbt.date_trunc('week', 'transactions.business_date') }} as date) as sales_week
    from (
        select
            customer_key,
            business_date
        from {{ first_purchases }}
        where change_id > {{ mark }}
        union
        select
            changed.customer_key,
            changed.business_date
        from {{ transactions }} as changed
        inner join {{ first_purchases }} as first_purchases
            on
                changed.customer_key = first_purchases.customer_key
                and changed.transaction_id = first_purchases.transaction_id
        where changed.change_id > {{ mark }}
    ) as first_dates
    inner join {{ transactions }} as transactions
        on
            first_dates.customer_key = transactions.customer_key
            and {{ dbt.date_trunc('week', 'first_dates.business_date') }}
            = {{ dbt.date_trunc('week', 'transactions.business_date') }}
    where transactions.is_sale
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


{#
    The same, and the months after them and the same months of the year after, which compare themselves
    to these.
#}
{% macro touched_reported_branch_months() -%}
    {{ and_months_compared_to_them(touched_branch_months()) }}
{%- endmacro %}

{% macro and_months_compared_to_them(branch_months) -%}
    {%- for months in [0, 1, 12] %}
    select
        branch_key,
        cast({{ dbt.dateadd('month', months, 'sales_month') }} as date) as sales_month
    from ({{ branch_months }}) as branch_months
    {{ 'union' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#
    Source systems and weeks with a receipt in a touched file. By source, because a sales desk's file may
    hold a year, and the tills' year is not touched by it.
#}
{% macro touched_source_weeks() -%}
    {{ source_weeks_since(high_water_mark(), ref('int_transactions__unioned')) }}
{%- endmacro %}

{% macro source_weeks_since(mark, transactions) -%}
    select distinct
        source_system,
        cast({{ dbt.date_trunc('week', 'business_date') }} as date) as sales_week
    from {{ transactions }}
    where
        change_id > {{ mark }}
        and business_date is not null
{%- endmacro %}


{#
    The first day whose periods a touched day changes: averages, sums since January and comparisons with
    the year before look back only. Of a branch it is the day after its latest sale before the earliest
    touched day, because until when it was open may have changed. And the first day of all stores where
    their list has changed, because it tells their regions. Null where nothing is touched.
#}
{% macro touched_trends_start() -%}
    {{ trends_start(
        high_water_mark(),
        touched_branch_days(),
        ref('rpt_daily_sales'),
        ref('int_files__versioned')
    ) }}
{%- endmacro %}

{% macro trends_start(mark, branch_days, daily_sales, files) -%}
    select
        min(
            coalesce(
                cast({{ dbt.dateadd('day', 1, 'latest_date_before') }} as date), earliest_touched_date
            )
        ) as trends_start_date
    from (
        select
            stores.branch_key,
            min(stores.business_date) as earliest_touched_date,
            cast(null as date) as latest_date_before
        from {{ daily_sales }} as stores
        where
            stores.source_system = 'sales_desk'
            and exists (
                select 1
                from {{ files }} as files
                where
                    files.feed = 'sales_desk_stores'
                    and (files.file_id > {{ mark }} or files.superseded_by_file_id > {{ mark }})
            )
        group by stores.branch_key
        union all
        select
            touched.branch_key,
            touched.earliest_touched_date,
            max(daily_sales.business_date) as latest_date_before
        from (
            select
                branch_key,
                min(business_date) as earliest_touched_date
            from ({{ branch_days }}) as branch_days
            group by branch_key
        ) as touched
        left join {{ daily_sales }} as daily_sales
            on
                touched.branch_key = daily_sales.branch_key
                and touched.earliest_touched_date > daily_sales.business_date
        group by touched.branch_key, touched.earliest_touched_date
    ) as open_until
{%- endmacro %}
