-- For every branch and business date the report matches the receipts.
{%- set scope = in_scope('reported_branch_day') %}

with receipts as (

    select
        branch_key,
        count(*) as transactions,
        sum(items_sold) as items_sold,
        sum(net_amount) as net_sales,
        count(distinct case when is_customer_known then customer_key end) as known_customers,
        count(distinct case when is_first_purchase then customer_key end) as new_customers,
        business_date
    from {{ ref('fct_transactions') }}
    where {{ scope }}
    group by branch_key, business_date

),

daily_sales as (

    select * from {{ ref('rpt_daily_sales') }}
    where {{ scope }}

)

select
    coalesce(receipts.branch_key, daily_sales.branch_key) as branch_key,
    coalesce(receipts.business_date, daily_sales.business_date) as business_date
from receipts
full outer join daily_sales
    on
        receipts.branch_key = daily_sales.branch_key
        and receipts.business_date = daily_sales.business_date
where
    receipts.branch_key is null
    or daily_sales.branch_key is null
    or receipts.transactions <> daily_sales.transactions
    or receipts.items_sold <> daily_sales.items_sold
    or receipts.net_sales <> daily_sales.net_sales
    or receipts.new_customers <> daily_sales.new_customers
    or receipts.known_customers
    <> daily_sales.new_customers + daily_sales.returning_customers
