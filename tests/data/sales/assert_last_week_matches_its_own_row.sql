-- A day's figures for the week before match that day's own row.
with this_week as (

    select * from {{ ref('rpt_daily_sales') }}
    where {{ in_scope('reported_branch_day') }}

)

select
    this_week.branch_key,
    this_week.business_date
from this_week
left join {{ ref('rpt_daily_sales') }} as last_week
    on
        this_week.branch_key = last_week.branch_key
        and last_week.business_date = cast(
            {{ dbt.dateadd('day', -7, 'this_week.business_date') }} as date
        )
where
    this_week.net_sales_last_week is distinct from last_week.net_sales
    or this_week.transactions_last_week is distinct from last_week.transactions
