-- Every company-wide report has all receipts, units and money of the facts, in the company's
-- currency and to the penny: each of its rows is the sum of the receipts, or items, that it is
-- about, rounded once. A first build and an audit read the facts; a night reads their days, which
-- match the facts (assert_daily_sales_add_up_to_receipts, assert_product_months_add_up_to_items).
{%- set month = dbt.date_trunc('month', 'business_date') %}
{%- set quarter = dbt.date_trunc('quarter', 'business_date') %}
{#- For each report what its rows are about: in the report, and in the facts. #}
{%- set reports = {
    'rpt_sales_by_calendar_month': ('month_number', 'extract(month from business_date)'),
    'rpt_best_months': ('sales_month', 'cast(' ~ month ~ ' as date)'),
    'rpt_sales_by_channel': ('channel', 'channel'),
    'rpt_sales_by_quarter': (
        "concat(quarter_start_date, channel)", 'concat(cast(' ~ quarter ~ ' as date), channel)'
    ),
    'rpt_sales_by_store_type': ('store_type', 'store_type'),
} %}
{%- set measures = [
    'transactions',
    'transactions_without_rate',
    'transactions_at_estimated_rate',
    'items_sold',
    'net_sales',
    'returns',
    'returned_amount',
] %}
{#- One row is rounded once; the trends have no items. #}
{%- set sums = [] %}
{%- for measure in measures %}
{%- set is_money = measure in ['net_sales', 'returned_amount'] %}
{%- set total = 'round(sum({0}), 2) as {0}' if is_money else 'sum({0}) as {0}' %}
{%- do sums.append(total.format(measure)) %}
{%- endfor %}
{%- set mark = tested_up_to() %}
{#- Outside the condition, so that dbt sees the references while parsing. #}
{%- set measured_days = ref('int_branch_days__measured') %}
{%- set product_months = ref('int_product_months__sold') %}

with branches as (

    select * from {{ ref('dim_branches') }}

),

sold as (

    {% if mark == 0 -%}
    select
        branch_key,
        channel,
        count(*) as transactions,
        -- A day without a rate has no amount. One amount may be too large to convert.
        case
            when sum(count(net_amount_company)) over (partition by branch_key, business_date) > 0
                then 0
            else count(*)
        end as transactions_without_rate,
        count(*) filter (where is_rate_estimated) as transactions_at_estimated_rate,
        sum(items_sold) as items_sold,
        sum(net_amount_company) as net_sales,
        count(*) filter (where is_return) as returns,
        {{ returned_company_amount('is_return') }} as returned_amount,
        business_date
    from {{ ref('fct_transactions') }}
    group by branch_key, channel, business_date
    {%- else -%}
    {%- for channel in ['online', 'store'] %}
    {%- set part = 'online_{0} - 0' if channel == 'online' else '{0} - online_{0}' %}
    select
        branch_key,
        '{{ channel }}' as channel,
        {{ part.format('receipts') }} as transactions,
        case when net_amount_company is null then {{ part.format('receipts') }} else 0 end
            as transactions_without_rate,
        case when is_rate_estimated then {{ part.format('receipts') }} else 0 end
            as transactions_at_estimated_rate,
        {{ part.format('items_sold') }} as items_sold,
        {{ part.format('net_amount_company') }} as net_sales,
        {{ part.format('refunds') }} as returns,
        {{ part.format('refunded_amount_company') }} as returned_amount,
        business_date
    from {{ measured_days }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- endif %}

),

placed as (

    select
        sold.*,
        {{ short_key("coalesce(branches.store_type, 'unknown')") }} as store_type
    from sold
    left join branches on sold.branch_key = branches.branch_key
    where sold.transactions > 0

),

added_up as (

    {%- for report, (_, facts) in reports.items() %}
    select
        '{{ report }}' as report,
        cast({{ facts }} as text) as about,
        {{ sums | join(',\n        ') }}
    from placed
    group by cast({{ facts }} as text)
    union all
    {%- endfor %}
    select
        'rpt_sales_trends' as report,
        cast(cast({{ month }} as date) as text) as about,
        {{ sums | join(',\n        ') | replace('sum(items_sold)', '0') }}
    from placed
    group by cast({{ month }} as date)
    union all
    select
        'rpt_digest__sales_totals' as report,
        'all' as about,
        {{ sums | join(',\n        ') }}
    from placed
    having count(*) > 0

),

reported as (

    {%- for report, (about, _) in reports.items() %}
    select
        '{{ report }}' as report,
        cast({{ about }} as text) as about,
        {{ measures | join(',\n        ') }}
    from {{ ref(report) }}
    -- A channel without sales has a row.
    where transactions > 0
    union all
    {%- endfor %}
    select
        'rpt_sales_trends' as report,
        cast(period_start_date as text) as about,
        {{ measures | join(',\n        ') | replace('items_sold', '0 as items_sold') }}
    from {{ ref('rpt_sales_trends') }}
    where level = 'company' and period_kind = 'month'
    union all
    select
        'rpt_digest__sales_totals' as report,
        'all' as about,
        {{ measures | join(',\n        ') }}
    from {{ ref('rpt_digest__sales_totals') }}
    where level = 'company'

),

-- In the money of each country, and beside it in the company's.
countries as (

    select
        currency_code,
        sum(transactions) as transactions,
        sum(items_sold) as items_sold,
        sum(net_sales) as net_sales,
        sum(net_sales_company) as net_sales_company,
        sum(returned_amount) as returned_amount,
        count(*) * 0.005 as rounded_off
    from {{ ref('rpt_sales_by_store_type_and_country') }}
    group by currency_code

),

days as (

    select
        currency_code,
        sum(transactions) as transactions,
        sum(items_sold) as items_sold,
        sum(net_sales) as net_sales,
        sum(net_amount_company) as net_amount_company,
        sum(returned_amount) as returned_amount
    from {{ ref('rpt_daily_sales') }}
    group by currency_code

),

-- The rows are of products here, so that receipts cannot be counted.
product_quarters as (

    {% if mark == 0 -%}
    select
        cast({{ quarter }} as date) as quarter_start_date,
        sum(quantity) as quantity,
        sum(net_amount_company) as net_sales
    from {{ ref('fct_sales') }}
    group by cast({{ quarter }} as date)
    {%- else -%}
    select
        cast({{ dbt.date_trunc('quarter', 'sales_month') }} as date) as quarter_start_date,
        sum(quantity) as quantity,
        sum(net_amount_company) as net_sales
    from {{ product_months }}
    group by cast({{ dbt.date_trunc('quarter', 'sales_month') }} as date)
    {%- endif %}

),

company_products as (

    select
        cast({{ dbt.date_trunc('quarter', 'sales_month') }} as date) as quarter_start_date,
        sum(quantity) as quantity,
        sum(net_amount_company) as net_sales
    from {{ ref('rpt_company_products') }}
    group by cast({{ dbt.date_trunc('quarter', 'sales_month') }} as date)

),

-- Each row of a category is rounded once, and so may differ by half a penny.
categories as (

    select
        quarter_start_date,
        sum(quantity) as quantity,
        sum(net_sales) as net_sales,
        count(*) * 0.005 as rounded_off
    from {{ ref('rpt_product_category_sales') }}
    group by quarter_start_date

)

select
    coalesce(added_up.report, reported.report) as report,
    coalesce(added_up.about, reported.about) as about
from added_up
full outer join reported
    on
        added_up.report = reported.report
        and added_up.about = reported.about
where
    added_up.report is null
    or reported.report is null
    {%- for measure in measures %}
    or added_up.{{ measure }} is distinct from reported.{{ measure }}
    {%- endfor %}
union all
select
    'rpt_company_products' as report,
    cast(
        coalesce(product_quarters.quarter_start_date, company_products.quarter_start_date) as text
    ) as about
from product_quarters
full outer join company_products
    on product_quarters.quarter_start_date = company_products.quarter_start_date
where
    product_quarters.quantity is distinct from company_products.quantity
    or product_quarters.net_sales is distinct from company_products.net_sales
union all
select
    'rpt_product_category_sales' as report,
    cast(coalesce(product_quarters.quarter_start_date, categories.quarter_start_date) as text)
        as about
from product_quarters
full outer join categories
    on product_quarters.quarter_start_date = categories.quarter_start_date
where
    product_quarters.quantity is distinct from categories.quantity
    or coalesce(
        abs(product_quarters.net_sales - categories.net_sales) > categories.rounded_off,
        product_quarters.net_sales is not null or categories.net_sales is not null
    )
union all
select
    'rpt_sales_by_store_type_and_country' as report,
    coalesce(days.currency_code, countries.currency_code) as about
from days
full outer join countries on days.currency_code = countries.currency_code
where
    days.transactions is distinct from countries.transactions
    or days.items_sold is distinct from countries.items_sold
    or days.net_sales is distinct from countries.net_sales
    or days.returned_amount is distinct from countries.returned_amount
    or coalesce(
        abs(days.net_amount_company - countries.net_sales_company) > countries.rounded_off,
        days.net_amount_company is not null or countries.net_sales_company is not null
    )
