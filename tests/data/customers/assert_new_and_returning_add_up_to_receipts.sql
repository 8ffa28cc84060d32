-- For every branch and week, new, returning and unknown customers add up to the receipts, and
-- customers with their first purchase there are new.
{%- set mark = tested_up_to() %}

with transactions as (

    {% if mark == 0 -%}
    select * from {{ ref('fct_transactions') }}
    {%- else -%}
    {{ look_up(
        ref('fct_transactions'),
        changed_since('branch_week', mark, built),
        'found.branch_key = wanted.branch_key'
        ' and found.business_date >= wanted.sales_week'
        ' and found.business_date < cast('
        ~ dbt.dateadd('day', 7, 'wanted.sales_week') ~ ' as date)'
    ) }}
    {%- endif %}

),

receipts as (

    select
        *,
        cast({{ dbt.date_trunc('week', 'business_date') }} as date) as sales_week
    from transactions

),

customers as (

    select
        branch_key,
        sales_week,
        customer_key,
        is_customer_known,
        max(case when is_first_purchase then 1 else 0 end) as first_purchases,
        count(*) as transactions,
        sum(net_amount) as net_sales
    from receipts
    group by branch_key, sales_week, customer_key, is_customer_known

),

weeks as (

    select
        branch_key,
        sales_week,
        sum(case when is_customer_known then 1 else 0 end) as known_customers,
        sum(first_purchases) as first_purchases,
        sum(case when first_purchases = 1 then net_sales else 0 end) as first_net_sales,
        sum(case when not is_customer_known then net_sales else 0 end) as unknown_net_sales,
        sum(transactions) as transactions,
        sum(net_sales) as net_sales
    from customers
    group by branch_key, sales_week

),

new_vs_returning as (

    select * from {{ ref('rpt_new_vs_returning') }}
    where {{ in_scope('branch_week', mark) }}

)

select
    coalesce(weeks.branch_key, new_vs_returning.branch_key) as branch_key,
    coalesce(weeks.sales_week, new_vs_returning.sales_week) as sales_week
from weeks
full outer join new_vs_returning
    on
        weeks.branch_key = new_vs_returning.branch_key
        and weeks.sales_week = new_vs_returning.sales_week
where
    weeks.branch_key is null
    or new_vs_returning.branch_key is null
    or weeks.transactions <> new_vs_returning.transactions
    or weeks.net_sales <> new_vs_returning.net_sales
    or weeks.unknown_net_sales <> new_vs_returning.unknown_customer_net_sales
    or weeks.known_customers
    <> new_vs_returning.new_customers + new_vs_returning.returning_customers
    -- At other branches in the same week they are new, too.
    or weeks.first_purchases > new_vs_returning.new_customers
    or weeks.first_net_sales > new_vs_returning.new_customer_net_sales
