{#
    A view: it reads four weeks of days and three weeks of receipts, however long history is, and only when queried.
#}
{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('rpt_daily_sales') }}

),

receipts as (

    select * from {{ ref('fct_transactions') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

latest as (

    select cast({{ dbt.date_trunc('week', 'max(as_of_date)') }} as date) as sales_week
    from sources

),

-- Three weeks are shown; the first is compared with the week before them.
bounds as (

    select
        cast({{ dbt.dateadd('week', -2, 'sales_week') }} as date) as first_shown_week,
        cast({{ dbt.dateadd('week', -3, 'sales_week') }} as date) as first_read_week
    from latest

),

weeks as (

    select
        cast({{ dbt.date_trunc('week', 'branch_days.business_date') }} as date) as sales_week,
        count(distinct branch_days.business_date) as days,
        sum(branch_days.transactions) as transactions,
        {{ counted_by_rate(relation='branch_days.') }},
        sum(branch_days.net_amount_company) as net_sales
    from branch_days
    inner join sources
        on
            branch_days.source_system = sources.source_system
            and branch_days.business_date <= sources.as_of_date
    where branch_days.business_date >= (select bounds.first_read_week from bounds)
    group by cast({{ dbt.date_trunc('week', 'branch_days.business_date') }} as date)

),

compared as (

    select
        *,
        lag(days) over weeks_before as days_before,
        lag(net_sales) over weeks_before as net_sales_before,
        lag(sales_week) over weeks_before as week_before
    from weeks
    window weeks_before as (order by sales_week)

),

shown as (

    select * from compared
    where sales_week >= (select bounds.first_shown_week from bounds)

),

-- Customers per day do not add up to customers per week: distinct customers are counted on the
-- receipts.
week_customers as (

    select
        cast({{ dbt.date_trunc('week', 'receipts.business_date') }} as date) as sales_week,
        receipts.customer_key,
        {{ dbt.bool_or('receipts.is_first_purchase') }} as is_new
    from receipts
    inner join sources
        on
            receipts.source_system = sources.source_system
            and receipts.business_date <= sources.as_of_date
    where
        receipts.is_customer_known
        and receipts.business_date >= (select bounds.first_shown_week from bounds)
    group by
        cast({{ dbt.date_trunc('week', 'receipts.business_date') }} as date),
        receipts.customer_key

),

counted as (

    select
        sales_week,
        count(*) filter (where is_new) as new_customers,
        count(*) filter (where not is_new) as returning_customers
    from week_customers
    group by sales_week

),

final as (

    select
        cast(row_number() over (order by shown.sales_week) as integer) as position,
        {{ company_currency() }} as currency_code,
        cast(shown.days as integer) as days,
        cast(shown.transactions as bigint) as transactions,
        shown.transactions_without_rate,
        shown.transactions_at_estimated_rate,
        cast(shown.net_sales as numeric(18, 2)) as net_sales,
        cast(shown.net_sales as numeric(18, 2)) as net_sales_company,
        case
            when
                shown.days = 7
                and shown.days_before = 7
                and shown.sales_week
                = cast({{ dbt.dateadd('week', 1, 'shown.week_before') }} as date)
                then {{ change_percent('shown.net_sales', 'shown.net_sales_before') }}
        end as net_sales_change_percent,
        cast(coalesce(counted.new_customers, 0) as integer) as new_customers,
        cast(coalesce(counted.returning_customers, 0) as integer) as returning_customers,
        shown.sales_week
    from shown
    left join counted on shown.sales_week = counted.sales_week

)

select * from final
