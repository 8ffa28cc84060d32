-- A branch's day in the trends is the day's receipts; weeks and months are their days; regions are
-- their branches, the company is its regions, also in like-for-like figures. Returns the periods
-- that violate this.
{%- set mark = tested_up_to() %}
{%- set scope = in_scope('trend_period', mark) %}
{%- set day_scope = in_scope('branch_day', mark) %}

with receipts as (

    select
        branch_key,
        currency_code,
        business_date,
        count(*) as transactions,
        sum(net_amount) as net_sales,
        {{ returns_of() }}
    from {{ ref('fct_transactions') }}
    where {{ day_scope }}
    group by branch_key, currency_code, business_date

),

branch_days as (

    select * from (
        select
            level_key as branch_key,
            currency_code,
            period_start_date as business_date,
            transactions,
            net_sales,
            returns,
            returned_amount
        from {{ ref('rpt_sales_trends') }}
        where level = 'branch' and period_kind = 'day'
    ) as days
    where {{ day_scope }}

),

periods as (

    select * from {{ ref('rpt_sales_trends') }}
    where {{ scope }}

),

-- The days of the periods in scope, some of which may be before it.
days as (

    select * from {{ ref('rpt_sales_trends') }}
    where
        period_kind = 'day'
        and period_end_date >= (select min(periods.period_start_date) from periods)

),

added_up as (

    {%- for kind in ['week', 'month'] %}
    select
        level,
        level_key,
        '{{ kind }}' as period_kind,
        currency_code,
        sum(transactions) as transactions,
        sum(net_sales) as net_sales,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount,
        cast(null as numeric) as like_for_like_net_sales,
        cast(null as numeric) as like_for_like_net_sales_year_before,
        cast({{ dbt.date_trunc(kind, 'period_start_date') }} as date) as period_start_date
    from days
    group by
        level,
        level_key,
        currency_code,
        cast({{ dbt.date_trunc(kind, 'period_start_date') }} as date)
    union all
    {%- endfor %}
    select
        'region' as level,
        {{ short_key("coalesce(branches.region, 'Without region')") }} as level_key,
        periods.period_kind,
        periods.currency_code,
        sum(periods.transactions) as transactions,
        sum(periods.net_sales) as net_sales,
        sum(periods.returns) as returns,
        sum(periods.returned_amount) as returned_amount,
        coalesce(sum(periods.like_for_like_net_sales), 0) as like_for_like_net_sales,
        coalesce(sum(periods.like_for_like_net_sales_year_before), 0)
            as like_for_like_net_sales_year_before,
        periods.period_start_date
    from periods
    left join {{ ref('dim_branches') }} as branches on periods.level_key = branches.branch_key
    where periods.level = 'branch'
    group by
        coalesce(branches.region, 'Without region'),
        periods.period_kind,
        periods.currency_code,
        periods.period_start_date
    union all
    select
        'company' as level,
        'company' as level_key,
        period_kind,
        currency_code,
        sum(transactions) as transactions,
        sum(net_sales) as net_sales,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount,
        coalesce(sum(like_for_like_net_sales), 0) as like_for_like_net_sales,
        coalesce(sum(like_for_like_net_sales_year_before), 0)
            as like_for_like_net_sales_year_before,
        period_start_date
    from periods
    where level = 'region'
    group by period_kind, currency_code, period_start_date

)

select
    'branch' as level,
    coalesce(receipts.branch_key, branch_days.branch_key) as level_key,
    'day' as period_kind,
    coalesce(receipts.business_date, branch_days.business_date) as period_start_date
from receipts
full outer join branch_days
    on
        receipts.branch_key = branch_days.branch_key
        and receipts.currency_code = branch_days.currency_code
        and receipts.business_date = branch_days.business_date
where
    receipts.branch_key is null
    or branch_days.branch_key is null
    or receipts.transactions <> branch_days.transactions
    or receipts.net_sales <> branch_days.net_sales
    or receipts.returns <> branch_days.returns
    or receipts.returned_amount <> branch_days.returned_amount
union all
select
    periods.level,
    periods.level_key,
    periods.period_kind,
    periods.period_start_date
from periods
left join added_up
    on
        periods.level = added_up.level
        and periods.level_key = added_up.level_key
        and periods.period_kind = added_up.period_kind
        and periods.currency_code = added_up.currency_code
        and periods.period_start_date = added_up.period_start_date
where
    (periods.level <> 'branch' or periods.period_kind <> 'day')
    and (
        added_up.level is null
        or periods.transactions <> added_up.transactions
        or periods.net_sales <> added_up.net_sales
        or periods.returns <> added_up.returns
        or periods.returned_amount <> added_up.returned_amount
        or coalesce(periods.like_for_like_net_sales, 0) <> added_up.like_for_like_net_sales
        or coalesce(periods.like_for_like_net_sales_year_before, 0)
        <> added_up.like_for_like_net_sales_year_before
    )
union all
-- Figures of a year before match that period's own row.
select
    periods.level,
    periods.level_key,
    periods.period_kind,
    periods.period_start_date
from periods
left join {{ ref('rpt_sales_trends') }} as year_before
    on
        periods.level = year_before.level
        and periods.level_key = year_before.level_key
        and periods.period_kind = year_before.period_kind
        and periods.currency_code = year_before.currency_code
        and year_before.period_start_date = case
            when periods.period_kind = 'month'
                then cast({{ dbt.dateadd('year', -1, 'periods.period_start_date') }} as date)
            else cast({{ dbt.dateadd('day', -364, 'periods.period_start_date') }} as date)
        end
where
    periods.net_sales_year_before is distinct from year_before.net_sales
    or periods.transactions_year_before is distinct from year_before.transactions
