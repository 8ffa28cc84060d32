-- For every branch and business date the report matches the receipts, and so do the days that
-- reports of channels and of the time between sales read.
{%- set scope = in_scope('reported_branch_day') %}

with receipts as (

    select
        branch_key,
        count(*) as transactions,
        sum(items_sold) as items_sold,
        sum(net_amount) as net_sales,
        sum(net_amount_company) as net_amount_company,
        count(*) filter (where is_return) as returns,
        coalesce(-sum(net_amount) filter (where is_return), 0) as returned_amount,
        {{ returned_company_amount('is_return') }} as returned_amount_company,
        case when count(vat_amount) = count(*) then sum(vat_amount) end as vat_amount,
        count(distinct case when is_customer_known then customer_key end) as known_customers,
        count(distinct case when is_first_purchase then customer_key end) as new_customers,
        count(*) filter (where channel = 'online') as online_transactions,
        coalesce(sum(items_sold) filter (where channel = 'online'), 0) as online_items_sold,
        coalesce(sum(net_amount) filter (where channel = 'online'), 0) as online_net_sales,
        count(*) filter (where is_return and channel = 'online') as online_returns,
        coalesce(-sum(net_amount) filter (where is_return and channel = 'online'), 0)
            as online_returned_amount,
        sum(
            case when channel = 'online' then net_amount_company else 0 * net_amount_company end
        ) as online_net_amount_company,
        sum(
            case
                when is_return and channel = 'online' then -net_amount_company
                else 0 * net_amount_company
            end
        ) as online_returned_amount_company,
        {{ dbt.bool_or('is_rate_estimated') }} as is_rate_estimated,
        count(clock_time) as timed_transactions,
        business_date,
        min(business_date + clock_time) as first_sold_at_local,
        max(business_date + clock_time) as last_sold_at_local
    from {{ ref('fct_transactions') }}
    where {{ scope }}
    group by branch_key, business_date

),

daily_sales as (

    select * from {{ ref('rpt_daily_sales') }}
    where {{ scope }}

),

measured_days as (

    select * from {{ ref('int_branch_days__measured') }}
    where {{ scope }}

)

select
    coalesce(receipts.branch_key, daily_sales.branch_key, measured_days.branch_key) as branch_key,
    coalesce(receipts.business_date, daily_sales.business_date, measured_days.business_date)
        as business_date
from receipts
full outer join daily_sales
    on
        receipts.branch_key = daily_sales.branch_key
        and receipts.business_date = daily_sales.business_date
full outer join measured_days
    on
        receipts.branch_key = measured_days.branch_key
        and receipts.business_date = measured_days.business_date
where
    receipts.branch_key is null
    or daily_sales.branch_key is null
    or measured_days.branch_key is null
    or receipts.transactions <> daily_sales.transactions
    or receipts.items_sold <> daily_sales.items_sold
    or receipts.net_sales <> daily_sales.net_sales
    or receipts.net_amount_company is distinct from daily_sales.net_amount_company
    or round(receipts.net_amount_company, 2) is distinct from daily_sales.net_sales_company
    or receipts.returned_amount_company is distinct from daily_sales.returned_amount_company
    or receipts.is_rate_estimated <> daily_sales.is_rate_estimated
    or receipts.returns <> daily_sales.returns
    or receipts.returned_amount <> daily_sales.returned_amount
    or receipts.vat_amount is distinct from daily_sales.vat_amount
    or receipts.new_customers <> daily_sales.new_customers
    or receipts.known_customers
    <> daily_sales.new_customers + daily_sales.returning_customers
    or receipts.transactions <> measured_days.receipts
    or receipts.items_sold <> measured_days.items_sold
    or receipts.net_sales <> measured_days.net_amount
    or receipts.net_amount_company is distinct from measured_days.net_amount_company
    or receipts.returned_amount_company is distinct from measured_days.refunded_amount_company
    or receipts.is_rate_estimated <> measured_days.is_rate_estimated
    or receipts.returns <> measured_days.refunds
    or receipts.returned_amount <> measured_days.refunded_amount
    or receipts.online_transactions <> measured_days.online_receipts
    or receipts.online_items_sold <> measured_days.online_items_sold
    or receipts.online_net_sales <> measured_days.online_net_amount
    or receipts.online_net_amount_company
    is distinct from measured_days.online_net_amount_company
    or receipts.online_returned_amount_company
    is distinct from measured_days.online_refunded_amount_company
    or receipts.online_returns <> measured_days.online_refunds
    or receipts.online_returned_amount <> measured_days.online_refunded_amount
    or receipts.timed_transactions <> measured_days.timed_receipts
    or receipts.first_sold_at_local is distinct from measured_days.first_sold_at_local
    or receipts.last_sold_at_local is distinct from measured_days.last_sold_at_local
