-- The VAT report has all receipts and all money of every branch and month, its returns among them,
-- and where the daily report knows the VAT of all days, the same VAT. Both read days, not receipts.
with days as (

    select
        branch_key,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month,
        sum(transactions) as transactions,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount,
        sum(net_sales) as net_sales,
        case when count(vat_amount) = count(*) then sum(vat_amount) end as vat_amount
    from {{ ref('rpt_daily_sales') }}
    group by branch_key, cast({{ dbt.date_trunc('month', 'business_date') }} as date)

),

reported as (

    select
        branch_key,
        sales_month,
        sum(transactions) as transactions,
        sum(returns) as returns,
        sum(returned_gross_amount) as returned_amount,
        sum(gross_amount) as net_sales,
        sum(vat_amount) as vat_amount
    from {{ ref('rpt_vat') }}
    group by branch_key, sales_month

)

select
    coalesce(days.branch_key, reported.branch_key) as branch_key,
    coalesce(days.sales_month, reported.sales_month) as sales_month
from days
full outer join reported
    on
        days.branch_key = reported.branch_key
        and days.sales_month = reported.sales_month
where
    days.branch_key is null
    or reported.branch_key is null
    or days.transactions <> reported.transactions
    or days.returns <> reported.returns
    or days.returned_amount <> reported.returned_amount
    or days.net_sales <> reported.net_sales
    or days.vat_amount <> reported.vat_amount
