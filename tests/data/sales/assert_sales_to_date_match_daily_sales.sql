-- By each day with a sale, a month's sales against its target are those of the daily report so far;
-- in the company's currency, too, rounded after adding up.
with days as (

    select
        branch_key,
        business_date,
        sum(net_sales) over so_far as net_sales_to_date,
        sum(net_amount_company) over so_far as net_amount_company_to_date
    from {{ ref('rpt_daily_sales') }}
    window
        so_far as (
            partition by branch_key, {{ dbt.date_trunc('month', 'business_date') }}
            order by business_date
        )

)

select
    against_targets.branch_key,
    against_targets.business_date
from {{ ref('rpt_sales_against_targets') }} as against_targets
inner join days
    on
        against_targets.branch_key = days.branch_key
        and against_targets.business_date = days.business_date
where
    against_targets.problem is null
    and (
        against_targets.net_sales_to_date <> days.net_sales_to_date
        or coalesce(against_targets.net_sales_company_to_date, 0)
        <> coalesce(round(days.net_amount_company_to_date, 2), 0)
    )
