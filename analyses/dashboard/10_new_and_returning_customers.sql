-- New and returning customers of the last twelve weeks, by week and branch: each customer counts
-- once per branch and week.
select
    weeks.sales_week,
    weeks.branch_name,
    weeks.new_customers,
    weeks.returning_customers
from marts.rpt_new_vs_returning as weeks
where
    weeks.sales_week
    > (
        select cast(date_trunc('week', max(branches.last_business_date)) as date) - 84
        from marts.dim_branches as branches
    )
order by weeks.sales_week, weeks.branch_name;
