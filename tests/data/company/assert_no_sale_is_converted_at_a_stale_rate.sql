-- A warning, because the newest rate that is known is better than none. It is older than
-- `exchange_rate_max_age_days`: rates have stopped coming, or nobody has added them to
-- seeds/exchange_rates.csv.
{{ config(severity='warn') }}

with sale_days as (

    select
        currency_code,
        business_date,
        sum(transactions) as transactions
    from {{ ref('rpt_daily_sales') }}
    where {{ in_scope('branch_day') }}
    group by currency_code, business_date

),

rates as (

    select * from {{ ref('dim_exchange_rates') }}
    where is_rate_stale

)

select
    sale_days.currency_code,
    rates.rated_on,
    sum(sale_days.transactions) as transactions,
    max(rates.rate_age_days) as rate_age_days,
    min(sale_days.business_date) as first_date,
    max(sale_days.business_date) as last_date
from sale_days
inner join rates
    on
        sale_days.currency_code = rates.currency_code
        and sale_days.business_date = rates.date_day
group by sale_days.currency_code, rates.rated_on
