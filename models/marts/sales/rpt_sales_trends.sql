{#
    Incremental by the end of the period: a night rebuilds periods of all levels that end on or after the first
    touched day, from a little more than a year of branch days. Earlier rows depend on earlier days only, and stay.

    For each kind of period: the number of periods in the averages and in a year. Days and weeks are compared with the
    same weekdays 52 weeks before, months with the month of the same name.

    A branch is shown in its own money, a region and the company in the company's: so amounts are added up twice, the
    second time converted (`_company`), and with six decimals.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='period_end_date',
        meta={'touched_by': 'trend_period'},
        on_schema_change='fail',
        indexes=[{'columns': ['period_end_date']}],
    )
}}
{%- set touched = touched('trend_period') %}
{%- set kinds = {
    'day': {'short': 7, 'long': 28, 'in_year': 364, 'year': ('day', 364)},
    'week': {'short': 4, 'long': 13, 'in_year': 52, 'year': ('day', 364)},
    'month': {'short': 3, 'long': 12, 'in_year': 12, 'year': ('year', 1)},
} %}
{%- set levels_above = {
    'region': (short_key('region'), 'region'), 'company': ("'company'", "'Company'")
} %}
{%- set moneys = {'': 'net_sales', '_company': 'net_amount_company'} %}

with branches as (

    select * from {{ ref('dim_branches') }}

),

opened_branches as (

    select * from {{ ref('int_branches__opened') }}

),

sellers as (

    select distinct
        branch_key,
        branch_name,
        currency_code
    from {{ ref('rpt_daily_sales') }}

),

-- A branch is open from its first day with a sale to its latest one.
open_branches as (

    select
        sellers.branch_key,
        sellers.branch_name,
        sellers.currency_code,
        coalesce(branches.region, 'Without region') as region,
        opened_branches.first_date as branch_first_date,
        opened_branches.last_date as branch_last_date
    from sellers
    inner join opened_branches on sellers.branch_key = opened_branches.branch_key
    left join branches on sellers.branch_key = branches.branch_key

),

open_levels as (

    select
        *,
        -- Grouped by a number, because PostgreSQL sorts texts slowly.
        row_number() over (order by branch_key) as seller_number,
        min(branch_first_date) over (partition by region) as region_first_date,
        min(branch_first_date) over () as company_first_date
    from open_branches

),

{% if is_incremental() -%}
-- For each kind of period: the first date of the averages of the first period to write, and the
-- range of dates a year before the periods to write.
needed as (

    select
        {%- for kind, counts in kinds.items() %}
        {%- set first = dbt.date_trunc(kind, 'touched.trends_start_date') %}
        {%- set next = dbt.dateadd(kind, 1, dbt.date_trunc(kind, 'latest.business_date')) %}
        cast({{ dbt.dateadd(kind, 1 - counts.long, first) }} as date) as first_{{ kind }}_date,
        cast({{ dbt.dateadd(kind, -counts.in_year, first) }} as date)
            as first_{{ kind }}_date_year_before,
        cast({{ dbt.dateadd(kind, -counts.in_year, next) }} as date)
            as next_{{ kind }}_date_year_before,
        {%- endfor %}
        cast(
            {{ dbt.dateadd('month', -13, dbt.date_trunc('month', 'touched.trends_start_date')) }}
            as date
        ) as first_needed_date,
        cast({{ dbt.date_trunc('year', 'touched.trends_start_date') }} as date)
            as first_date_of_year
    from ({{ touched }}) as touched
    cross join (
        select max(business_date) as business_date from {{ ref('rpt_daily_sales') }}
    ) as latest

),

{% endif -%}
branch_days as (

    select
        open_levels.seller_number,
        daily_sales.transactions,
        daily_sales.returns,
        daily_sales.net_sales,
        daily_sales.net_amount_company,
        daily_sales.returned_amount,
        daily_sales.returned_amount_company,
        daily_sales.is_rate_estimated,
        daily_sales.business_date,
        open_levels.branch_first_date,
        open_levels.branch_last_date
    from {{ ref('rpt_daily_sales') }} as daily_sales
    inner join open_levels on daily_sales.branch_key = open_levels.branch_key
    {% if is_incremental() -%}
    -- Twelve months before the first one; 52 weeks before a Monday in the month before it is later.
    where daily_sales.business_date >= (select needed.first_needed_date from needed)
    {%- endif %}

),

-- Periods are worked out for a date, not for each branch on it.
dates as (

    select distinct business_date from branch_days

),

{% for kind, counts in kinds.items() %}
{%- set unit, years_length = counts.year -%}
{%- set next_start = dbt.dateadd(kind, 1, dbt.date_trunc(kind, 'business_date')) -%}
{%- set last_date = dbt.dateadd('day', -1, next_start) -%}
dates_of_{{ kind }}s as (

    select
        business_date,
        {{ period_number(kind, 'business_date') }}
            as period_number,
        cast({{ dbt.date_trunc(kind, 'business_date') }} as date) as period_start_date,
        cast({{ last_date }} as date) as period_end_date,
        extract(year from business_date) = extract(year from {{ last_date }}) as is_in_end_year,
        {{ like_day('business_date', unit, -years_length) }} as day_year_before,
        {{ like_day('business_date', unit, years_length) }} as day_year_after
    from dates
    {% if is_incremental() -%}
    where
        business_date >= (select needed.first_{{ kind }}_date from needed)
        or (
            business_date >= (select needed.first_{{ kind }}_date_year_before from needed)
            and business_date < (select needed.next_{{ kind }}_date_year_before from needed)
        )
    union all
    -- Of the other periods only the year to date is needed: those of a year become one of its own,
    -- which ends before the first to write and is in no window frame but that of its year. No date
    -- before the year is needed.
    select
        business_date,
        -1000000 as period_number,
        cast(null as date) as period_start_date,
        cast({{ dbt.date_trunc('year', last_date) }} as date) as period_end_date,
        extract(year from business_date) = extract(year from {{ last_date }}) as is_in_end_year,
        cast(null as date) as day_year_before,
        cast(null as date) as day_year_after
    from dates
    where
        business_date < (select needed.first_{{ kind }}_date from needed)
        and business_date >= (select needed.first_date_of_year from needed)
        and (
            business_date < (select needed.first_{{ kind }}_date_year_before from needed)
            or business_date >= (select needed.next_{{ kind }}_date_year_before from needed)
        )
    {%- endif %}

),

-- With the totals, the sums that are compared: of the days that have a counterpart a year before
-- (or after) on which the branch was open; null without such days.
summed_{{ kind }}s as (

    select
        branch_days.seller_number,
        dated.period_number,
        sum(branch_days.transactions) as transactions,
        sum(branch_days.returns) as returns,
        coalesce(
            sum(branch_days.returns) filter (where branch_days.net_amount_company is null), 0
        ) as returns_without_rate,
        {{ counted_by_rate(relation='branch_days.') }},
        sum(branch_days.returned_amount) as returned_amount,
        sum(branch_days.returned_amount_company) as returned_amount_company,
        {%- for money, amount in moneys.items() %}
        sum(branch_days.{{ amount }}) as net_sales{{ money }},
        sum(
            case
                when dated.is_in_end_year then branch_days.{{ amount }}
                else 0 * branch_days.{{ amount }}
            end
        ) as net_sales_of_end_year{{ money }},
        {%- for compared, when in [('comparing', 'before'), ('compared', 'after')] %}
        sum(
            case
                when
                    {{ was_open_too(
                        'branch_days.business_date',
                        'dated.day_year_' ~ when,
                        'branch_days.branch_first_date',
                        'branch_days.branch_last_date',
                    ) }}
                    then branch_days.{{ amount }}
            end
        ) as {{ compared }}_net_sales{{ money }},
        {%- endfor %}
        {%- endfor %}
        dated.period_start_date,
        dated.period_end_date,
        max(branch_days.business_date) as last_business_date
    from branch_days
    inner join dates_of_{{ kind }}s as dated on branch_days.business_date = dated.business_date
    group by
        branch_days.seller_number,
        dated.period_number,
        dated.period_start_date,
        dated.period_end_date

),

{% endfor -%}
branch_periods as (

    {%- for kind in kinds %}
    select
        open_levels.branch_key,
        open_levels.branch_name,
        open_levels.region,
        open_levels.currency_code,
        '{{ kind }}' as period_kind,
        summed.period_number,
        summed.transactions,
        summed.returns,
        summed.returns_without_rate,
        summed.transactions_without_rate,
        summed.transactions_at_estimated_rate,
        summed.returned_amount,
        summed.returned_amount_company,
        {%- for money in moneys %}
        summed.net_sales{{ money }},
        summed.net_sales_of_end_year{{ money }},
        summed.comparing_net_sales{{ money }},
        summed.compared_net_sales{{ money }},
        {%- endfor %}
        open_levels.branch_first_date,
        open_levels.region_first_date,
        open_levels.company_first_date,
        summed.period_start_date,
        summed.period_end_date,
        summed.last_business_date
    from summed_{{ kind }}s as summed
    inner join open_levels on summed.seller_number = open_levels.seller_number
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- A window frame of one period finds the period a year before by its number.
branch_periods_beside_year_before as (

    {%- for kind, counts in kinds.items() %}
    select
        {%- for money in moneys %}
        sum(compared_net_sales{{ money }}) over (
            partition by branch_key
            order by period_number
            range between {{ counts.in_year }} preceding and {{ counts.in_year }} preceding
        ) as compared_net_sales_year_before{{ money }},
        {%- endfor %}
        *
    from branch_periods
    where period_kind = '{{ kind }}'
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- Like for like: branches with a sale on such days in both periods.
compared_branch_periods as (

    select
        {%- for money in moneys %}
        {%- set compared = 'comparing_net_sales' ~ money %}
        {%- set before = 'compared_net_sales_year_before' ~ money %}
        {%- set like_for_like = 'like_for_like_net_sales' ~ money %}
        {%- set like_for_like_before = 'like_for_like_net_sales_year_before' ~ money %}
        case when {{ before }} is not null then {{ compared }} end as {{ like_for_like }},
        case when {{ compared }} is not null then {{ before }} end as {{ like_for_like_before }},
        {%- endfor %}
        *
    from branch_periods_beside_year_before

),

periods as (

    select
        branch_key as level_key,
        'branch' as level,
        branch_name as level_name,
        period_kind,
        currency_code,
        period_number,
        1 as branches,
        case when like_for_like_net_sales is null then 0 else 1 end as like_for_like_branches,
        transactions,
        returns,
        transactions as averaged_transactions,
        returns as averaged_returns,
        transactions_without_rate,
        transactions_at_estimated_rate,
        net_sales,
        net_sales_company,
        returned_amount,
        net_sales_of_end_year,
        like_for_like_net_sales,
        like_for_like_net_sales_year_before,
        branch_first_date as level_first_date,
        period_start_date,
        period_end_date,
        last_business_date
    from compared_branch_periods
    {%- for level, (key, name) in levels_above.items() %}
    union all
    select
        {{ key }} as level_key,
        '{{ level }}' as level,
        {{ name }} as level_name,
        period_kind,
        {{ company_currency() }} as currency_code,
        period_number,
        count(*) as branches,
        count(like_for_like_net_sales_company) as like_for_like_branches,
        sum(transactions) as transactions,
        sum(returns) as returns,
        sum(transactions - transactions_without_rate) as averaged_transactions,
        sum(returns - returns_without_rate) as averaged_returns,
        sum(transactions_without_rate) as transactions_without_rate,
        sum(transactions_at_estimated_rate) as transactions_at_estimated_rate,
        sum(net_sales_company) as net_sales,
        sum(net_sales_company) as net_sales_company,
        sum(returned_amount_company) as returned_amount,
        sum(net_sales_of_end_year_company) as net_sales_of_end_year,
        sum(like_for_like_net_sales_company) as like_for_like_net_sales,
        sum(like_for_like_net_sales_year_before_company)
            as like_for_like_net_sales_year_before,
        {{ level }}_first_date as level_first_date,
        period_start_date,
        period_end_date,
        max(last_business_date) as last_business_date
    from compared_branch_periods
    group by
        {{ name ~ ',' if level != 'company' }}
        period_kind,
        period_number,
        {{ level }}_first_date,
        period_start_date,
        period_end_date
    {%- endfor %}

),

-- By number, not by row: a day without a sale has no row and counts as 0.
moving as (

    {%- for kind, counts in kinds.items() %}
    select
        *,
        period_number - ({{ period_number(kind, 'level_first_date') }}) + 1 as periods_so_far,
        {{ counts.short }} as short_periods,
        {{ counts.long }} as long_periods,
        {%- for length in ['short', 'long'] %}
        sum(net_sales) over (
            partition by level, level_key
            order by period_number
            range between {{ counts[length] - 1 }} preceding and current row
        ) as net_sales_of_{{ length }},
        {%- endfor %}
        {%- for measure in ['transactions', 'net_sales'] %}
        sum({{ measure }}) over (
            partition by level, level_key
            order by period_number
            range between {{ counts.in_year }} preceding and {{ counts.in_year }} preceding
        ) as {{ measure }}_year_before,
        {%- endfor %}
        sum(net_sales_of_end_year) over (
            partition by level, level_key, extract(year from period_end_date)
            order by period_number
        ) as net_sales_year_to_date
    from periods
    where period_kind = '{{ kind }}'
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        level_key,
        cast(level as text) as level,
        level_name,
        cast(period_kind as text) as period_kind,
        currency_code,
        cast(branches as integer) as branches,
        cast(transactions as bigint) as transactions,
        cast(returns as bigint) as returns,
        cast(transactions_without_rate as bigint) as transactions_without_rate,
        cast(transactions_at_estimated_rate as bigint) as transactions_at_estimated_rate,
        cast(transactions_year_before as bigint) as transactions_year_before,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(net_sales_company as numeric(18, 2)) as net_sales_company,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        {{ average_receipt(
            'net_sales',
            'returned_amount',
            'averaged_transactions',
            'averaged_returns',
        ) }} as average_transaction_value,
        {%- for length in ['short', 'long'] %}
        cast(
            case
                when periods_so_far >= {{ length }}_periods
                    then round(net_sales_of_{{ length }} / {{ length }}_periods, 2)
            end as numeric(18, 2)
        ) as moving_average_{{ length }},
        {%- endfor %}
        cast(net_sales_year_to_date as numeric(18, 2)) as net_sales_year_to_date,
        cast(net_sales_year_before as numeric(18, 2)) as net_sales_year_before,
        cast(like_for_like_branches as integer) as like_for_like_branches,
        cast(like_for_like_net_sales as numeric(18, 2)) as like_for_like_net_sales,
        cast(like_for_like_net_sales_year_before as numeric(18, 2))
            as like_for_like_net_sales_year_before,
        {{ change_percent(
            'like_for_like_net_sales', 'like_for_like_net_sales_year_before'
        ) }} as like_for_like_growth_percent,
        period_start_date,
        period_end_date,
        last_business_date
    from moving
    {% if is_incremental() -%}
    where period_end_date >= ({{ touched }})
    {%- endif %}

)

select * from final
