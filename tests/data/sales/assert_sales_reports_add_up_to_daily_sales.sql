-- The reports of months, channels, store types and countries have all receipts, units and money of
-- the daily report, currency by currency. Reads days, not receipts: the daily report matches the
-- receipts (assert_daily_sales_add_up_to_receipts), and these their items
-- (assert_items_match_their_receipt).
{%- set reports = [
    'rpt_sales_by_calendar_month',
    'rpt_best_months',
    'rpt_sales_by_channel',
    'rpt_sales_by_store_type',
    'rpt_sales_by_store_type_and_country',
] %}

with days as (

    select
        currency_code,
        sum(transactions) as transactions,
        sum(items_sold) as items_sold,
        sum(net_sales) as net_sales,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount
    from {{ ref('rpt_daily_sales') }}
    group by currency_code

),

reported as (

    {% for report in reports -%}
    select
        '{{ report }}' as report,
        currency_code,
        sum(transactions) as transactions,
        sum(items_sold) as items_sold,
        sum(net_sales) as net_sales,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount
    from {{ ref(report) }}
    group by currency_code
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

expected as (

    select
        reports.report,
        days.*
    from days
    cross join (
        values
        {% for report in reports -%}
        ('{{ report }}'){{ ',' if not loop.last }}
        {% endfor %}
    ) as reports (report)

)

select
    coalesce(expected.report, reported.report) as report,
    coalesce(expected.currency_code, reported.currency_code) as currency_code
from expected
full outer join reported
    on
        expected.report = reported.report
        and expected.currency_code = reported.currency_code
where
    expected.report is null
    or reported.report is null
    or expected.transactions <> reported.transactions
    or expected.items_sold <> reported.items_sold
    or expected.net_sales <> reported.net_sales
    or expected.returns <> reported.returns
    or expected.returned_amount <> reported.returned_amount
