-- The cohorts of a source and currency contain each of its customers once, with all purchases.
-- What they bought in the company's currency is compared where everything is read: nights add
-- differences to it.
{%- set reads_all = tested_up_to() == 0 %}

with cohorts as (

    select
        source_system,
        currency_code,
        sum(case when months_since_first = 0 then cohort_customers else 0 end) as customers,
        sum(transactions) as transactions,
        sum(net_sales) as net_sales,
        sum(net_amount_company) as net_amount_company
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
{%- if reads_all %},

months as (

    select
        source_system,
        currency_code,
        sum(net_amount_company) as net_amount_company
    from {{ ref('int_customer_months__sold') }}
    group by source_system, currency_code

)
{%- endif %}

select
    coalesce(cohorts.source_system, customers.source_system) as source_system,
    coalesce(cohorts.currency_code, customers.currency_code) as currency_code
from cohorts
full outer join customers
    on
        cohorts.source_system = customers.source_system
        and cohorts.currency_code = customers.currency_code
{%- if reads_all %}
left join months
    on
        cohorts.source_system = months.source_system
        and cohorts.currency_code = months.currency_code
{%- endif %}
where
    cohorts.source_system is null
    or customers.source_system is null
    or cohorts.customers <> customers.customers
    or cohorts.transactions <> customers.transactions
    or cohorts.net_sales <> customers.net_sales
    {%- if reads_all %}
    or coalesce(cohorts.net_amount_company, 0) <> coalesce(months.net_amount_company, 0)
    {%- endif %}
