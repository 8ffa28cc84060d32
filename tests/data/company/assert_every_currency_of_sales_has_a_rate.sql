-- A warning, because no figure is wrong: without a rate the amounts are null in the company's
-- currency, and reports say how many receipts their sums leave out. Add a rate to
-- seeds/exchange_rates.csv.
{{ config(severity='warn') }}

with sales as (

    select * from {{ ref('rpt_daily_sales') }}

),

rated_currencies as (

    select distinct currency_code from {{ ref('int_exchange_rates__ranges') }}
    where company_units is not null

)

select
    sales.currency_code,
    count(*) as branch_days,
    sum(sales.transactions) as transactions,
    sum(sales.net_sales) as net_sales,
    min(sales.business_date) as first_date,
    max(sales.business_date) as last_date
from sales
left join rated_currencies on sales.currency_code = rated_currencies.currency_code
where rated_currencies.currency_code is null
group by sales.currency_code
