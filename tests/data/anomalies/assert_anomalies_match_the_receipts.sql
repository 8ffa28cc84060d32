-- Anomalies of a branch's day match the daily sales; those of a customer match the receipts.
{%- set scope = in_scope('branch_day') %}

with anomalies as (

    select
        *,
        period_start_date as business_date
    from {{ ref('fct_sales_anomalies') }}
    where measure in ('sales', 'receipts')

),

anomalies_in_scope as (

    select * from anomalies
    where {{ scope }}

),

daily_sales as (

    select * from {{ ref('rpt_daily_sales') }}
    where {{ scope }}

),

receipts as (

    select * from {{ ref('fct_transactions') }}
    where {{ scope }}

),

customer_days as (

    select
        branch_key,
        customer_key,
        currency_code,
        count(*) as transactions,
        sum(net_amount) as net_sales,
        business_date
    from receipts
    where is_customer_known
    group by branch_key, customer_key, currency_code, business_date

),

branch_anomalies as (

    select
        anomalies.subject_key,
        anomalies.business_date,
        anomalies.actual_value,
        case
            when anomalies.measure = 'sales' then daily_sales.net_sales
            else daily_sales.transactions
        end as said_value
    from anomalies_in_scope as anomalies
    left join daily_sales
        on
            anomalies.branch_key = daily_sales.branch_key
            and anomalies.business_date = daily_sales.business_date
            and anomalies.currency_code = daily_sales.currency_code
    where anomalies.subject_kind = 'branch'

),

customer_anomalies as (

    select
        anomalies.subject_key,
        anomalies.business_date,
        anomalies.actual_value,
        case
            when anomalies.measure = 'sales' then customer_days.net_sales
            else customer_days.transactions
        end as said_value
    from anomalies_in_scope as anomalies
    left join customer_days
        on
            anomalies.branch_key = customer_days.branch_key
            and anomalies.customer_key = customer_days.customer_key
            and anomalies.business_date = customer_days.business_date
            and anomalies.currency_code = customer_days.currency_code
    where anomalies.subject_kind = 'customer'

)

select * from branch_anomalies
where said_value is distinct from actual_value
union all
select * from customer_anomalies
where said_value is distinct from actual_value
