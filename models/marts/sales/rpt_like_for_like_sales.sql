{#
    A table: it reads days, not receipts, and has only branches times months rows. The rule is that of
    rpt_sales_trends, here also for the month before.
#}
{%- set gaps = ['month', 'year'] %}
{%- set moneys = ['net_sales', 'net_amount_company'] %}

with branch_days as (

    select * from {{ ref('rpt_daily_sales') }}

),

-- A branch is open from its first day with a sale to its latest one.
open_branches as (

    select * from {{ ref('int_branches__opened') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

days as (

    select
        branch_days.branch_key,
        branch_days.source_system,
        branch_days.branch_name,
        branch_days.currency_code,
        branch_days.returns,
        branch_days.net_sales,
        branch_days.net_amount_company,
        branch_days.returned_amount,
        {%- for gap in gaps %}
        {%- for when, number in [('before', -1), ('after', 1)] %}
        {{ was_open_too(
            'branch_days.business_date',
            like_day('branch_days.business_date', gap, number),
            'open_branches.first_date',
            'open_branches.last_date',
        ) }} as was_open_{{ gap }}_{{ when }},
        {%- endfor %}
        {%- endfor %}
        cast({{ dbt.date_trunc('month', 'branch_days.business_date') }} as date) as sales_month
    from branch_days
    inner join open_branches on branch_days.branch_key = open_branches.branch_key

),

-- With the totals, the sums over the days that have a counterpart in the other month; null without
-- such days.
months as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        sum(returns) as returns,
        sum(net_sales) as net_sales,
        sum(net_amount_company) as net_amount_company,
        sum(returned_amount) as returned_amount,
        {%- for gap in gaps %}
        {%- for money in moneys %}
        sum(case when was_open_{{ gap }}_before then {{ money }} end)
            as comparing_{{ money }}_on_{{ gap }},
        sum(case when was_open_{{ gap }}_after then {{ money }} end)
            as compared_{{ money }}_on_{{ gap }},
        {%- endfor %}
        {%- endfor %}
        sales_month
    from days
    group by
        branch_key,
        source_system,
        branch_name,
        currency_code,
        sales_month

),

compared as (

    select
        months.branch_key,
        months.source_system,
        months.branch_name,
        months.currency_code,
        months.returns,
        months.net_sales,
        months.net_amount_company,
        months.returned_amount,
        {%- for gap in gaps %}
        {%- for money in moneys %}
        case
            when {{ gap }}_before.compared_{{ money }}_on_{{ gap }} is not null
                then months.comparing_{{ money }}_on_{{ gap }}
        end as like_for_like_{{ money }}_on_{{ gap }},
        case
            when months.comparing_{{ money }}_on_{{ gap }} is not null
                then {{ gap }}_before.compared_{{ money }}_on_{{ gap }}
        end as {{ money }}_{{ gap }}_before,
        {%- endfor %}
        {%- endfor %}
        months.sales_month = cast({{ dbt.date_trunc('month', 'sources.as_of_date') }} as date)
        and sources.as_of_date < {{ dbt.last_day('sources.as_of_date', 'month') }}
            as is_running_month,
        months.sales_month
    from months
    inner join sources on months.source_system = sources.source_system
    {%- for gap in gaps %}
    left join months as {{ gap }}_before
        on
            months.branch_key = {{ gap }}_before.branch_key
            and months.sales_month = cast(
                {{ dbt.dateadd(gap, 1, gap ~ '_before.sales_month') }} as date
            )
    {%- endfor %}

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        cast(returns as bigint) as returns,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        {%- for gap in gaps %}
        cast(like_for_like_net_sales_on_{{ gap }} as numeric(18, 2))
            as like_for_like_net_sales_on_{{ gap }},
        cast(net_sales_{{ gap }}_before as numeric(18, 2)) as net_sales_{{ gap }}_before,
        {{ change_percent(
            'like_for_like_net_sales_on_' ~ gap, 'net_sales_' ~ gap ~ '_before'
        ) }} as change_on_{{ gap }}_percent,
        cast(like_for_like_net_amount_company_on_{{ gap }} as numeric(38, 6))
            as like_for_like_net_amount_company_on_{{ gap }},
        cast(net_amount_company_{{ gap }}_before as numeric(38, 6))
            as net_amount_company_{{ gap }}_before,
        {%- endfor %}
        is_running_month,
        sales_month
    from compared

)

select * from final
