-- A branch's day in the trends is the day's receipts; its weeks and months are its days; regions
-- and the company are the days of their branches in the company's currency, rounded once.
-- Like-for-like figures of a level are those of its branches, where all of them sell in the
-- company's currency.
-- Returns the periods that violate this.
{%- set mark = tested_up_to() %}
{%- set scope = in_scope('trend_period', mark) %}
{%- set day_scope = in_scope('branch_day', mark) %}
{%- set region = short_key("coalesce(branches.region, 'Without region')") %}

with receipts as (

    select
        branch_key,
        currency_code,
        business_date,
        count(*) as transactions,
        sum(net_amount) as net_sales,
        round(sum(net_amount_company), 2) as net_sales_company,
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
            net_sales_company,
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

branches as (

    select * from {{ ref('dim_branches') }}

),

-- The days of the periods in scope, some of which may be before it.
days as (

    select * from {{ ref('rpt_sales_trends') }}
    where
        level = 'branch'
        and period_kind = 'day'
        and period_end_date >= (select min(periods.period_start_date) from periods)

),

company_days as (

    select
        daily_sales.*,
        {{ region }} as region_key
    from {{ ref('rpt_daily_sales') }} as daily_sales
    left join branches on daily_sales.branch_key = branches.branch_key
    where
        daily_sales.business_date >= (select min(periods.period_start_date) from periods)

),

added_up as (

    {%- for kind in ['week', 'month'] %}
    select
        level,
        level_key,
        '{{ kind }}' as period_kind,
        sum(transactions) as transactions,
        sum(net_sales) as net_sales,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount,
        cast({{ dbt.date_trunc(kind, 'period_start_date') }} as date) as period_start_date
    from days
    group by
        level,
        level_key,
        cast({{ dbt.date_trunc(kind, 'period_start_date') }} as date)
    union all
    {%- endfor %}
    {%- for level, key in {'region': 'region_key', 'company': "'company'"}.items() %}
    {%- set last_level = loop.last %}
    {%- for kind in ['day', 'week', 'month'] %}
    select
        '{{ level }}' as level,
        {{ key }} as level_key,
        '{{ kind }}' as period_kind,
        sum(transactions) as transactions,
        round(sum(net_amount_company), 2) as net_sales,
        sum(returns) as returns,
        round(sum(returned_amount_company), 2) as returned_amount,
        cast({{ dbt.date_trunc(kind, 'business_date') }} as date) as period_start_date
    from company_days
    group by
        {{ 'region_key,' if level == 'region' }}
        cast({{ dbt.date_trunc(kind, 'business_date') }} as date)
    {{ 'union all' if not (loop.last and last_level) }}
    {%- endfor %}
    {%- endfor %}

),

like_for_like as (

    {%- for level, key in {'region': region, 'company': "'company'"}.items() %}
    select
        '{{ level }}' as level,
        {{ key }} as level_key,
        periods.period_kind,
        coalesce(sum(periods.like_for_like_net_sales), 0) as net_sales,
        coalesce(sum(periods.like_for_like_net_sales_year_before), 0) as net_sales_year_before,
        periods.period_start_date
    from periods
    {% if level == 'region' -%}
    left join branches on periods.level_key = branches.branch_key
    {% endif -%}
    where periods.level = 'branch'
    group by
        {{ "coalesce(branches.region, 'Without region')," if level == 'region' }}
        periods.period_kind,
        periods.period_start_date
    having {{ dbt.bool_or('periods.currency_code <> ' ~ company_currency()) }} = false
    {{ 'union all' if not loop.last }}
    {%- endfor %}

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
    or receipts.net_sales_company is distinct from branch_days.net_sales_company
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
        and periods.period_start_date = added_up.period_start_date
where
    (periods.level <> 'branch' or periods.period_kind <> 'day')
    and (
        added_up.level is null
        or periods.transactions <> added_up.transactions
        or periods.net_sales is distinct from added_up.net_sales
        or periods.returns <> added_up.returns
        or periods.returned_amount is distinct from added_up.returned_amount
    )
union all
select
    periods.level,
    periods.level_key,
    periods.period_kind,
    periods.period_start_date
from periods
inner join like_for_like
    on
        periods.level = like_for_like.level
        and periods.level_key = like_for_like.level_key
        and periods.period_kind = like_for_like.period_kind
        and periods.period_start_date = like_for_like.period_start_date
where
    coalesce(periods.like_for_like_net_sales, 0) <> like_for_like.net_sales
    or coalesce(periods.like_for_like_net_sales_year_before, 0)
    <> like_for_like.net_sales_year_before
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
        and year_before.period_start_date = case
            when periods.period_kind = 'month'
                then cast({{ dbt.dateadd('year', -1, 'periods.period_start_date') }} as date)
            else cast({{ dbt.dateadd('day', -364, 'periods.period_start_date') }} as date)
        end
where
    periods.net_sales_year_before is distinct from year_before.net_sales
    or periods.transactions_year_before is distinct from year_before.transactions
