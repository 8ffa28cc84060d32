-- The last day by branch, against the same day of the week before.
select
    branch_name,
    currency_code,
    net_sales,
    net_sales_company,
    transactions,
    returns,
    returned_amount,
    average_transaction_value,
    net_sales_last_week,
    net_sales_change_percent
from marts.rpt_daily_sales
where
    business_date = (
        select max(branches.last_business_date) from marts.dim_branches as branches
    )
order by net_sales_company desc nulls last;
