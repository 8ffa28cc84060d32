-- The weeks of a branch, and the kinds of day of its months, have all receipts, returns, units and
-- money of the daily report, and no day is in two weeks. A week begins on the first weekday of the
-- branch's country. Reads days, not receipts (assert_daily_sales_add_up_to_receipts).
{%- set measures = ['transactions', 'returns', 'items_sold', 'net_sales', 'returned_amount'] %}
{%- set reports = {'weekly': 'rpt_weekly_sales', 'by_kind': 'rpt_sales_by_day_kind'} %}

with days as (

    select * from {{ ref('rpt_daily_sales') }}

),

weeks as (

    select * from {{ ref('rpt_weekly_sales') }}

),

-- By the dates of the week alone, without a calendar.
numbers as (

    {% for number in range(7) -%}
    select {{ number }} as number
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

days_in_weeks as (

    select
        weeks.branch_key,
        weeks.week_start_date,
        {%- for measure in measures %}
        sum(days.{{ measure }}) as {{ measure }},
        {%- endfor %}
        round(sum(days.net_amount_company), 2) as net_sales_company,
        count(*) as trading_days
    from weeks
    cross join numbers
    inner join days
        on
            weeks.branch_key = days.branch_key
            and days.business_date = cast(
                {{ dbt.dateadd('day', 'numbers.number', 'weeks.week_start_date') }} as date
            )
    group by weeks.branch_key, weeks.week_start_date

),

{% for name, report in reports.items() -%}
{{ name }}_totals as (

    select
        branch_key,
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        sum(trading_days) as trading_days
    from {{ ref(report) }}
    group by branch_key

),

{% endfor -%}
daily_totals as (

    select
        branch_key,
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        count(*) as trading_days
    from days
    group by branch_key

)

select
    'week' as what,
    weeks.branch_key,
    weeks.week_start_date
from weeks
left join days_in_weeks
    on
        weeks.branch_key = days_in_weeks.branch_key
        and weeks.week_start_date = days_in_weeks.week_start_date
where
    weeks.trading_days is distinct from days_in_weeks.trading_days
    or weeks.net_sales_company is distinct from days_in_weeks.net_sales_company
    {%- for measure in measures %}
    or weeks.{{ measure }} is distinct from days_in_weeks.{{ measure }}
    {%- endfor %}
{%- for name in reports %}
union all
select
    '{{ name }}' as what,
    coalesce(daily_totals.branch_key, {{ name }}_totals.branch_key) as branch_key,
    cast(null as date) as week_start_date
from daily_totals
full outer join {{ name }}_totals on daily_totals.branch_key = {{ name }}_totals.branch_key
where
    daily_totals.trading_days is distinct from {{ name }}_totals.trading_days
    {%- for measure in measures %}
    or daily_totals.{{ measure }} is distinct from {{ name }}_totals.{{ measure }}
    {%- endfor %}
{%- endfor %}
union all
select
    'first weekday' as what,
    weeks.branch_key,
    weeks.week_start_date
from weeks
left join {{ ref('dim_country_weekdays') }} as weekdays
    on
        weeks.country_code = weekdays.country_code
        and weekdays.weekday_of_week = 1
where {{ weekday_number('weeks.week_start_date') }} is distinct from weekdays.weekday_number
