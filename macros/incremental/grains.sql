{#
    The rows that changed since a model was last built, or a test last passed: one rule for each grain.

    Touched keys are found in the rows of new files and of the versions that they superseded, never in a file's name.
    `meta.touched_by` of a model or source gives the grain by which its rows are touched; an incremental model with
    the strategy `replace_touched` reads `touched(grain)` and replaces those rows, and its tests read the same rows
    (macros/audit/test_scope.sql).
#}

{# The columns by which rows of a grain are found. #}
{% macro grain_keys(grain) -%}
    {%- set keys = {
        'change': ['change_id'],
        'file': ['file_id'],
        'raw_file': ['_file_id'],
        'path': ['feed', dbt.hash('file_path')],
        'customer': ['customer_key'],
        'card': ['card_token'],
        'listed_customer': ['customer_key'],
        'customer_month': ['customer_key', 'sales_month'],
        'valued_customer': ['customer_key'],
        'valued_customer_month': ['customer_key', 'sales_month'],
        'branch_day': ['branch_key', 'business_date'],
        'reported_branch_day': ['branch_key', 'business_date'],
        'judged_branch_day': ['branch_key', 'business_date'],
        'day_of_branch_month': ['branch_key', 'business_date'],
        'branch_weekday': ['branch_key', 'weekday_number'],
        'branch_week': ['branch_key', 'sales_week'],
        'branch_month': ['branch_key', 'sales_month'],
        'reported_branch_month': ['branch_key', 'sales_month'],
        'source_week': ['source_system', 'sales_week'],
        'trend_period': ['period_end_date'],
        'order': ['order_key'],
        'rated_order': ['order_key'],
        'stock_list': ['branch_key', 'business_date'],
        'judged_stock_day': ['branch_key', 'business_date'],
        'stock_month': ['branch_key', 'stock_month'],
        'costed_branch_month': ['branch_key', 'sales_month'],
        'web_session': ['session_key'],
        'web_day': ['source_system', 'traffic_date'],
        'shipment': ['shipment_key'],
        'shipped_order': ['order_key'],
        'ordered_product_day': ['product_key', 'ordered_on'],
        'cancelled_product_day': ['product_key', 'cancelled_on'],
        'delivery_week': ['source_system', 'due_week'],
    } -%}
    {%- if grain not in keys -%}
        {{ exceptions.raise_compiler_error(
            "Nothing is touched by '" ~ grain ~ "'. Grains: " ~ keys | join(', ')
            ~ " (macros/incremental/grains.sql)."
        ) }}
    {%- endif -%}
    {{ return(keys[grain]) }}
{%- endmacro %}


{#
    The keys that this model must rebuild: a query of the grain's keys; for `file` a list of ledger ids. A model calls
    it outside of any `is_incremental()`, so that dbt sees the references while parsing; its unit tests override it.
#}
{% macro touched(grain) -%}
    {%- if grain == 'file' -%}
        {{ touched_files() }}
    {%- else -%}
        {{ changed_since(grain, high_water_mark(), ref) }}
    {%- endif -%}
{%- endmacro %}


{#
    Files of the model's feed (`meta.feed`; of all feeds where it names none) that are new, and files that
    a new one has superseded: a list of ledger ids. A version changes at most twice, when it is loaded and when it is
    superseded, and ids grow in the order of commits, so "changed since" means "greater than". A list, not a query,
    because PostgreSQL pushes it down through views to the index of the raw table.
#}
{% macro touched_files() -%}
    {%- set files = ref('int_files__versioned') -%}
    {%- if execute and is_incremental() -%}
        {%- set mark = high_water_mark() -%}
        {{- files_listed(
            "select file_id from " ~ files
            ~ " where (file_id > " ~ mark ~ " or superseded_by_file_id > " ~ mark ~ ")"
            ~ " and file_id <= " ~ end_of_ledger()
            ~ (" and feed = '" ~ model.config.meta.feed ~ "'" if model.config.meta.feed else "")
            ~ " order by file_id"
        ) -}}
    {%- endif -%}
{%- endmacro %}


{#
    The ledger ids of a query on the ledger, as a list: the same for a whole run, and asked once. 0 where there are
    none, which is no file's: `not in (null)` would be true of no row.
#}
{% macro files_listed(query) -%}
    {%- set listed = kept_for_run(query) -%}
    {%- if listed is none -%}
        {%- set listed = keep_for_run(
            query, run_query(query).columns[0].values() | join(', ') or '0'
        ) -%}
    {%- endif -%}
    {{ return(listed) }}
{%- endmacro %}


{#
    Untouched files with rows that count differently, because of another file, since this model was built: a list of
    ledger ids (macros/conforming/overlaps.sql).
#}
{% macro recounted_files() -%}
    {%- set transactions = ref('int_transactions__unioned') -%}
    {%- if execute and is_incremental() -%}
        {%- set found = run_query(
            "select distinct file_id from " ~ transactions
            ~ " where change_id > " ~ high_water_mark() ~ " order by file_id"
        ) -%}
        {{- found.columns[0].values() | join(', ') or 'null' -}}
    {%- endif -%}
{%- endmacro %}


{# Condition on rows of a grain that changed since `mark`. `model` as for `changed_since`. #}
{% macro is_touched(grain, mark, model) -%}
    {%- set keys = grain_keys(grain) -%}
    {%- if grain == 'change' -%}
        change_id > {{ mark }}
    {%- elif grain in ('file', 'raw_file') -%}
        {{ is_of_touched_file(keys[0], mark) }}
    {%- elif grain == 'trend_period' -%}
        period_end_date >= ({{ changed_since(grain, mark, model) }})
    {%- elif grain == 'web_session' -%}
        {#- Not as an array: a log of a million lines touches as many sessions. -#}
        session_key in ({{ changed_since(grain, mark, model) }})
    {%- elif grain == 'web_day' -%}
        {#- Of all web sites: PostgreSQL finds single days of a year of requests through an index, but not pairs. -#}
        {{ is_one_of(
            'traffic_date',
            'select days.traffic_date from (' ~ changed_since(grain, mark, model) ~ ') as days'
        ) }}
    {%- elif keys | length == 1 -%}
        {{ is_one_of(keys[0], changed_since(grain, mark, model)) }}
    {%- else -%}
        ({{ keys | join(', ') }}) in ({{ changed_since(grain, mark, model) }})
    {%- endif -%}
{%- endmacro %}


{#
    A query of the keys of a grain that changed since `mark`; for `trend_period` its first day. `model` is `ref` in a
    model, and `built` in a test, whose scope is not part of the lineage.
#}
{% macro changed_since(grain, mark, model) -%}
    {%- if grain == 'path' -%}
        {{ paths_since(mark, model) }}
    {%- elif grain == 'customer' -%}
        {{ customers_since(mark, model) }}
    {%- elif grain == 'listed_customer' -%}
        {{ listed_customers_since(mark, model) }}
    {%- elif grain == 'card' -%}
        {{ cards_since(mark, model) }}
    {%- elif grain == 'customer_month' -%}
        {{ customer_months_since(mark, model) }}
    {%- elif grain == 'valued_customer' -%}
        {{ customers_since(mark, model) }}
        union
        select customer_key from ({{ customer_months_revalued_since(rates_mark(mark), model) }}) as revalued
    {%- elif grain == 'valued_customer_month' -%}
        {{ customer_months_since(mark, model) }}
        union
        {{ customer_months_revalued_since(rates_mark(mark), model) }}
    {%- elif grain == 'source_week' -%}
        {{ source_weeks_since(mark, model) }}
    {%- elif grain == 'branch_week' -%}
        {{ branch_weeks_since(mark, model) }}
    {%- elif grain == 'trend_period' -%}
        {{ trend_periods_since(mark, model) }}
    {%- elif grain == 'order' -%}
        {{ orders_since(mark, model) }}
    {%- elif grain == 'rated_order' -%}
        {{ rated_orders_since(mark, model) }}
    {%- elif grain == 'stock_list' -%}
        {{ stock_lists_since(mark, model) }}
    {%- elif grain == 'judged_stock_day' -%}
        {{ judged_stock_days_since(mark, model) }}
    {%- elif grain == 'stock_month' -%}
        {{ stock_months_since(mark, model) }}
    {%- elif grain == 'web_session' -%}
        {{ web_sessions_since(mark, model) }}
    {%- elif grain == 'web_day' -%}
        {{ web_days_since(mark, model) }}
    {%- elif grain == 'costed_branch_month' -%}
        {{ costed_branch_months_since(mark, model) }}
    {%- elif grain == 'shipment' -%}
        {{ shipments_since(mark, model) }}
    {%- elif grain == 'shipped_order' -%}
        {{ shipped_orders_since(mark, model) }}
    {%- elif grain == 'ordered_product_day' -%}
        {{ ordered_product_days_since(mark, model) }}
    {%- elif grain == 'cancelled_product_day' -%}
        {{ cancelled_product_days_since(mark, model) }}
    {%- elif grain == 'delivery_week' -%}
        {{ delivery_weeks_since(mark, model) }}
    {%- else -%}
        {%- set branch_days = branch_days_since(mark, model) -%}
        {%- if grain == 'branch_day' -%}
            {{ branch_days }}
        {%- elif grain == 'reported_branch_day' -%}
            {{ and_a_week_later(branch_days) }}
        {%- elif grain == 'judged_branch_day' -%}
            {{ and_weeks_around(branch_days, 1) }}
        {%- elif grain == 'branch_weekday' -%}
            {{ weekdays_of(branch_days) }}
        {%- elif grain == 'branch_month' -%}
            {{ months_of(branch_days) }}
        {%- elif grain == 'reported_branch_month' -%}
            {{ and_months_compared_to_them(months_of(branch_days)) }}
        {%- elif grain == 'day_of_branch_month' -%}
            {{ days_of(months_of(branch_days), model) }}
        {%- else -%}
            {{ exceptions.raise_compiler_error("No query finds the touched keys of " ~ grain ~ ".") }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{# New files, and files that a new one has superseded: the latter by number, because they are few. #}
{% macro is_of_touched_file(column, mark) -%}
    {%- set superseded = files_listed(
        "select file_id from " ~ ledger()
        ~ " where superseded_by > " ~ mark ~ " and file_id <= " ~ mark
        ~ " order by file_id"
    ) -%}
    ({{ column }} > {{ mark }} or {{ column }} in ({{ superseded }}))
{%- endmacro %}


{#
    Paths of touched files, and of files with rows that count differently because of them; as hashes, because an index
    cannot hold a text as long as a path may be. A path is one logical file, so its other versions are included.
#}
{% macro paths_since(mark, model) -%}
    select
        feed,
        {{ dbt.hash('file_path') }} as file_path_hash
    from {{ model('int_files__versioned') }}
    where
        file_id > {{ mark }}
        or superseded_by_file_id > {{ mark }}
        or file_id in (
            select transactions.file_id
            from {{ model('int_transactions__unioned') }} as transactions
            where transactions.change_id > {{ mark }}
        )
{%- endmacro %}


{# Customers with a receipt in a touched file. The unknown customer is never touched. #}
{% macro customers_since(mark, model) -%}
    select distinct customer_key
    from {{ model('int_transactions__unioned') }}
    where
        change_id > {{ mark }}
        and customer_identified_by <> 'unknown'
{%- endmacro %}


{# The same, and customers in a touched version of a source's customer list. #}
{% macro listed_customers_since(mark, model) -%}
    {{ customers_since(mark, model) }}
    union
    select customer_key
    from {{ model('int_customers__listed_everywhere') }}
    where change_id > {{ mark }}
{%- endmacro %}


{# Cards of a receipt in a touched file, or in a touched version of a source's card list. #}
{% macro cards_since(mark, model) -%}
    select card_token
    from {{ model('int_transactions__unioned') }}
    where
        change_id > {{ mark }}
        and card_token is not null
    union
    select card_token
    from {{ model('int_cards__listed_everywhere') }}
    where
        change_id > {{ mark }}
        and card_token is not null
{%- endmacro %}


{% macro customer_months_since(mark, model) -%}
    select distinct
        customer_key,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from {{ model('int_transactions__unioned') }}
    where
        change_id > {{ mark }}
        and customer_identified_by <> 'unknown'
        and business_date is not null
{%- endmacro %}


{#
    Customers and months with a receipt on a day whose exchange rate has changed since `mark` (`rates_mark`).
#}
{% macro customer_months_revalued_since(mark, model) -%}
    {%- set days -%}
        select
            branch_key,
            business_date
        from {{ model('int_branch_days__changed') }}
        where rate_change_id > {{ mark }}
    {%- endset -%}
    select distinct
        customer_key,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from ({{ look_up_branch_days(model('int_transactions__unioned'), days) }}) as revalued
    where customer_identified_by <> 'unknown'
{%- endmacro %}


{#
    Source systems and weeks with a receipt in a touched file. By source, because a file of one source may contain a
    year, which does not touch the year of another.
#}
{% macro source_weeks_since(mark, model) -%}
    select distinct
        source_system,
        cast({{ dbt.date_trunc('week', 'business_date') }} as date) as sales_week
    from {{ model('int_transactions__unioned') }}
    where
        change_id > {{ mark }}
        and business_date is not null
{%- endmacro %}


{# Branches and business dates with a changed file, or with a receipt that is now, or no longer, a customer's first. #}
{% macro branch_days_since(mark, model) -%}
    select
        branch_key,
        business_date
    from {{ model('int_branch_days__changed') }}
    where change_id > {{ mark }}
{%- endmacro %}


{# Branch days, and the same weekday a week later, which is compared with the touched day. #}
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


{#
    Branch days, and the same weekday of the weeks after them (direction 1), whose baselines include them, or before
    them (-1).
#}
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


{# The weekdays (1 is Monday) of branch days. #}
{% macro weekdays_of(branch_days) -%}
    select distinct
        branch_key,
        {{ weekday_number('business_date') }} as weekday_number
    from ({{ branch_days }}) as branch_days
{%- endmacro %}


{#
    The weeks (by their Mondays) of the touched days; and, because a customer is new in all branches, all weeks with
    purchases of a customer whose first purchase now is, or no longer is, in them: another receipt, or the same one
    with another date in a newer version of its file.
#}
{% macro branch_weeks_since(mark, model) -%}
    {%- set first_purchases = model('int_customers__first_purchases') -%}
    {%- set transactions = model('int_transactions__unioned') -%}
    {%- set first_dates -%}
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
    {%- endset -%}
    select
        branch_key,
        cast({{ dbt.date_trunc('week', 'business_date') }} as date) as sales_week
    from ({{ branch_days_since(mark, model) }}) as branch_days
    union
    select
        transactions.branch_key,
        cast({{ dbt.date_trunc('week', 'transactions.business_date') }} as date) as sales_week
    from ({{ look_up(
        transactions,
        first_dates,
        'found.customer_key = wanted.customer_key and found.is_sale and '
        ~ dbt.date_trunc('week', 'found.business_date') ~ ' = ' ~ dbt.date_trunc('week', 'wanted.business_date')
    ) }}) as transactions
{%- endmacro %}


{# The months of branch days. #}
{% macro months_of(branch_days) -%}
    select distinct
        branch_key,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from ({{ branch_days }}) as branch_days
{%- endmacro %}


{#
    Months, and the months after them and the same months of the year after, which are compared with them.
#}
{% macro and_months_compared_to_them(branch_months) -%}
    {%- for months in [0, 1, 12] %}
    select
        branch_key,
        cast({{ dbt.dateadd('month', months, 'sales_month') }} as date) as sales_month
    from ({{ branch_months }}) as branch_months
    {{ 'union' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{# All days of months. #}
{% macro days_of(branch_months, model) -%}
    select
        branch_months.branch_key,
        dates.date_day as business_date
    from ({{ branch_months }}) as branch_months
    inner join {{ model('dim_dates') }} as dates
        on branch_months.sales_month = dates.month_start_date
{%- endmacro %}


{#
    The first day whose periods have changed: averages, year to date and comparisons with the year before look back
    only, so that a touched day changes nothing before it. For a branch whose first or last day changed, the first day
    that this affects. For a changed branch list of a source, the first day of all its branches, because the list has
    their regions. Null where nothing is touched.
#}
{% macro trend_periods_since(mark, model) -%}
    select min(start_date) as trends_start_date
    from (
        select min(listed.business_date) as start_date
        from {{ model('rpt_daily_sales') }} as listed
        where listed.source_system in (
            select lists.source_system
            from {{ model('int_branches__listed_everywhere') }} as lists
            where lists.change_id > {{ mark }}
        )
        union all
        select min(branch_days.business_date) as start_date
        from ({{ branch_days_since(mark, model) }}) as branch_days
        union all
        select min(opened.changed_from_date) as start_date
        from {{ model('int_branches__opened') }} as opened
        where opened.change_id > {{ mark }}
    ) as changes
{%- endmacro %}


{# Orders with a new event, or with one that counts differently, or no longer, because of another file. #}
{% macro orders_since(mark, model) -%}
    select distinct order_key
    from {{ model('int_order_changes__unioned') }}
    where change_id > {{ mark }}
{%- endmacro %}


{# The same, and orders with an event on a day on which its currency has another exchange rate than before. #}
{% macro rated_orders_since(mark, model) -%}
    {{ orders_since(mark, model) }}
    union
    select order_changes.order_key
    from {{ model('int_order_changes__unioned') }} as order_changes
    inner join {{ model('int_exchange_rates__ranges') }} as exchange_rates
        on
            order_changes.currency_code = exchange_rates.currency_code
            and order_changes.ordered_on >= exchange_rates.valid_from
            and order_changes.ordered_on < exchange_rates.valid_to
    where exchange_rates.change_id > {{ mark }}
{%- endmacro %}


{# Branches and business days with a changed list of stock; also those that no longer have one. #}
{% macro stock_lists_since(mark, model) -%}
    select distinct
        branch_key,
        business_date
    from {{ model('int_stock_levels__unioned') }}
    where
        change_id > {{ mark }}
        and branch_key is not null
        and business_date is not null
{%- endmacro %}


{#
    Changed lists of stock; the lists after them, which are compared with them, and those of the
    `stock_velocity_days` days after them; and lists that are judged by the sales of a changed day.
#}
{% macro judged_stock_days_since(mark, model) -%}
    {%- set windows = model('int_stock_days__windows') -%}
    {%- set lists = stock_lists_since(mark, model) -%}
    select
        branch_key,
        business_date
    from ({{ lists }}) as lists
    union
    select
        windows.branch_key,
        windows.business_date
    from {{ windows }} as windows
    inner join ({{ lists }}) as lists
        on
            windows.branch_key = lists.branch_key
            and windows.business_date > lists.business_date
            and (
                coalesce(windows.previous_date <= lists.business_date, true)
                or windows.business_date
                <= {{ dbt.dateadd('day', var('stock_velocity_days'), 'lists.business_date') }}
            )
    union
    select
        windows.branch_key,
        windows.business_date
    from {{ windows }} as windows
    inner join {{ model('int_stock_places__supplying') }} as places
        on windows.branch_key = places.branch_key
    inner join ({{ branch_days_since(mark, model) }}) as branch_days
        on
            places.supplied_branch_key = branch_days.branch_key
            and windows.business_date >= branch_days.business_date
            -- The days before a stockout begin a day earlier.
            and coalesce(windows.window_start_date <= {{ dbt.dateadd('day', 1, 'branch_days.business_date') }}, true)
{%- endmacro %}


{# The months of changed lists of stock. #}
{% macro stock_months_since(mark, model) -%}
    select distinct
        branch_key,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as stock_month
    from ({{ stock_lists_since(mark, model) }}) as lists
{%- endmacro %}


{#
    The months of branch days, and the months in which a product sold whose costs have changed: a new cost changes the
    sales from its day on, and the first cost of a product also those before it.
#}
{% macro costed_branch_months_since(mark, model) -%}
    {{ months_of(branch_days_since(mark, model)) }}
    union
    select
        product_months.branch_key,
        product_months.sales_month
    from {{ model('int_product_costs__ranges') }} as costs
    inner join {{ model('int_product_months__sold') }} as product_months
        on
            costs.product_key = product_months.product_key
            and {{ dbt.date_trunc('month', 'costs.changed_from_date') }}
            <= product_months.sales_month
    where costs.change_id > {{ mark }}
{%- endmacro %}


{#
    Stored web sessions that a changed request belongs to, or is near enough to. Of the table itself, so that only
    these sessions are made again: a request changes no session that is further away from it than the gap between two
    sessions.
#}
{% macro web_sessions_since(mark, model) -%}
    {%- set requests = model('int_page_requests__unioned') -%}
    {%- if execute -%}
    {%- set gap = 60 * var('web_session_minutes') %}
    select distinct sessions.session_key
    from {{ built('int_web_sessions__built') }} as sessions
    inner join {{ requests }} as changed on sessions.visitor_key = changed.visitor_key
    where
        changed.change_id > {{ mark }}
        and not changed.is_bot
        and {{ seconds_between('changed.requested_at', 'sessions.began_at') }} <= {{ gap }}
        and {{ seconds_between('sessions.ended_at', 'changed.requested_at') }} <= {{ gap }}
    {%- endif -%}
{%- endmacro %}


{#
    Days of a web site with changed requests; all days that a changed session lasted, because its beginning may have
    moved from one to another; and the days of networks whose country is another one now.
#}
{% macro web_days_since(mark, model) -%}
    {%- set requests = model('int_page_requests__unioned') -%}
    {%- set networks = model('int_ip_networks__located') -%}
    {%- set sessions = model('int_web_sessions__built') %}
    select
        source_system,
        requested_on as traffic_date
    from {{ requests }}
    where change_id > {{ mark }}
    union
    select
        sessions.source_system,
        days.date_day as traffic_date
    from {{ sessions }} as sessions
    cross join lateral {{ days_from_to('sessions.session_date', 'sessions.last_date', 'days') }}
    where sessions.change_id > {{ mark }}
    union
    select
        requests.source_system,
        requests.requested_on as traffic_date
    from {{ requests }} as requests
    where
        -- Of new networks all requests have changed. Without the first condition PostgreSQL might read all of them to
        -- find that no network has moved.
        exists (
            select networks.ip_network
            from {{ networks }} as networks
            where networks.change_id > {{ mark }} and networks.first_change_id <= {{ mark }}
        )
        and requests.ip_network in (
            select networks.ip_network
            from {{ networks }} as networks
            where networks.change_id > {{ mark }} and networks.first_change_id <= {{ mark }}
        )
{%- endmacro %}


{# Shipments with an event in a touched file. #}
{% macro shipments_since(mark, model) -%}
    select distinct shipment_key
    from {{ model('int_shipment_events__unioned') }}
    where change_id > {{ mark }}
{%- endmacro %}


{#
    Orders with an event in a touched file, or with one of a shipment of theirs; also those that such a shipment was
    said to be of before.
#}
{% macro shipped_orders_since(mark, model) -%}
    select order_key
    from {{ model('int_order_changes__unioned') }}
    where
        change_id > {{ mark }}
        and order_key is not null
    union
    select order_key
    from {{ model('int_shipment_events__unioned') }}
    where
        {{ is_one_of('shipment_key', shipments_since(mark, model)) }}
        and order_key is not null
{%- endmacro %}


{# Products and days of touched orders, as any of their events states or stated them. #}
{% macro ordered_product_days_since(mark, model) -%}
    select distinct
        product_key,
        ordered_on
    from {{ model('int_order_changes__unioned') }}
    where
        {{ is_one_of('order_key', shipped_orders_since(mark, model)) }}
        and product_key is not null
        and ordered_on is not null
{%- endmacro %}


{#
    Products and days on which an order was cancelled that is touched, or is judged by what is: by orders of the
    `order_open_days` days before it, and by lists of stock of these days, which may lack any product of their source.
#}
{% macro cancelled_product_days_since(mark, model) -%}
    {%- set days = var('order_open_days') -%}
    {%- set fulfilled = model('int_orders__fulfilled') -%}
    {%- set lists -%}
        select distinct
            source_system,
            business_date
        from {{ model('int_stock_levels__unioned') }}
        where
            change_id > {{ mark }}
            and business_date is not null
    {%- endset -%}
    select
        product_key,
        cast(changed_at at time zone 'UTC' as date) as cancelled_on
    from {{ model('int_order_changes__unioned') }}
    where
        {{ is_one_of('order_key', shipped_orders_since(mark, model)) }}
        and product_key is not null
        and changed_at is not null
    union
    select
        cancelled.product_key,
        cancelled.cancelled_on
    from {{ fulfilled }} as cancelled
    inner join ({{ ordered_product_days_since(mark, model) }}) as ordered_days
        on
            cancelled.product_key = ordered_days.product_key
            and cancelled.cancelled_on >= ordered_days.ordered_on
            and cancelled.cancelled_on < {{ dbt.dateadd('day', days, 'ordered_days.ordered_on') }}
    union
    select
        cancelled.product_key,
        cancelled.cancelled_on
    from ({{ look_up(
        fulfilled,
        lists,
        'found.source_system = wanted.source_system and found.cancelled_on >= wanted.business_date'
        ~ ' and found.cancelled_on < ' ~ dbt.dateadd('day', days, 'wanted.business_date')
    ) }}) as cancelled
    where cancelled.product_key is not null
{%- endmacro %}


{#
    The weeks for which touched shipments are or were promised, by any of their events: of those without a promise the
    weeks of their events. And the weeks of shipments whose costs are converted at another rate.
#}
{% macro delivery_weeks_since(mark, model) -%}
    select distinct
        source_system,
        cast(
            {{ dbt.date_trunc(
                'week', "coalesce(promised_on, event_on, cast(event_at at time zone 'UTC' as date))"
            ) }} as date
        ) as due_week
    from {{ model('int_shipment_events__unioned') }}
    where {{ is_one_of('shipment_key', shipments_since(mark, model)) }}
    union
    select
        shipments.source_system,
        shipments.due_week
    from {{ model('int_shipments__summed_up') }} as shipments
    inner join {{ model('int_exchange_rates__ranges') }} as exchange_rates
        on
            shipments.currency_code = exchange_rates.currency_code
            and shipments.first_event_on >= exchange_rates.valid_from
            and shipments.first_event_on < exchange_rates.valid_to
    where exchange_rates.change_id > {{ mark }}
{%- endmacro %}
