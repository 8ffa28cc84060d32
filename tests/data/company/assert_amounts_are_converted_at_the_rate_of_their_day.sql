-- Every receipt, item, payment and event of an order is worth in the company's currency what
-- dim_exchange_rates says of its currency and day, and nothing where no rate is known: one rate for
-- all figures of a page. An amount in the company's own currency is what it is.
{%- set scope = in_scope('branch_day') %}

with amounts as (

    select
        'receipt' as fact,
        transaction_id,
        currency_code,
        net_amount as amount,
        net_amount_company as amount_company,
        is_rate_estimated,
        business_date
    from {{ ref('fct_transactions') }}
    where {{ scope }}
    union all
    select
        'item' as fact,
        transaction_id,
        currency_code,
        net_amount as amount,
        net_amount_company as amount_company,
        is_rate_estimated,
        business_date
    from {{ ref('fct_sales') }}
    where {{ scope }}
    union all
    select
        'payment' as fact,
        transaction_id,
        currency_code,
        amount,
        amount_company,
        is_rate_estimated,
        business_date
    from {{ ref('fct_payments') }}
    where {{ scope }}
    union all
    select
        'event of an order' as fact,
        order_key as transaction_id,
        currency_code,
        net_amount as amount,
        net_amount_company as amount_company,
        is_rate_estimated,
        ordered_on as business_date
    from {{ ref('fct_order_changes') }}
    where {{ in_scope('rated_order') }}

),

rates as (

    select * from {{ ref('dim_exchange_rates') }}

),

-- An order may have been moved from a day before the first sale, or after the last one.
rated_days as (

    select
        min(date_day) as first_date,
        max(date_day) as last_date
    from rates

),

compared as (

    select
        amounts.*,
        round(
            cast(amounts.amount * rates.company_units as numeric(100, 40)) / rates.currency_units,
            6
        ) as expected_amount,
        coalesce(rates.is_rate_estimated, false) as is_expected_estimated
    from amounts
    cross join rated_days
    left join rates
        on
            amounts.currency_code = rates.currency_code
            and amounts.business_date = rates.date_day
    where
        amounts.fact <> 'event of an order'
        or amounts.business_date between rated_days.first_date and rated_days.last_date

)

select *
from compared
where
    (
        amount_company is distinct from expected_amount
        -- Otherwise it is too large for its type.
        and coalesce(abs(expected_amount) < 99999999999999, true)
    )
    or is_rate_estimated <> is_expected_estimated
    or (
        currency_code = '{{ var("company_currency") }}'
        and amount_company is distinct from amount
        and abs(amount) < 99999999999999
    )
