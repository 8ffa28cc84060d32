-- The cohorts of a source and currency contain each of its customers once, with all purchases.
with cohorts as (

    select
        source_system,
        currency_code,
        sum(case when months_since_first = 0 then cohort_customers else 0 end) as customers,
        sum(transactions) as transactions,
        sum(net_sales) as net_sales
    from {{ ref('rpt_customer_cohorts') }}
    group by source_system, currency_code

),

counted as (

    select * from {{ ref('int_customers__counted') }}

),

customers as (

    select
        source_system,
        currency_code,
        sum(case when measure = 'purchases' then customers end) as customers,
        sum(case when measure = 'purchases' then customers * measured_value end) as transactions,
        sum(case when measure = 'net_amount' then customers * measured_value end) as net_sales
    from counted
    group by source_system, currency_code

)

select
    coalesce(cohorts.source_system, customers.source_system) as source_system,
    coalesce(cohorts.currency_code, customers.currency_code) as currency_code
from cohorts
full outer join customers
    on
        cohorts.source_system = customers.source_system
        and cohorts.currency_code = customers.currency_code
where
    cohorts.source_system is null
    or customers.source_system is null
    or cohorts.customers <> customers.customers
    or cohorts.transactions <> customers.transactions
    or cohorts.net_sales <> customers.net_sales
