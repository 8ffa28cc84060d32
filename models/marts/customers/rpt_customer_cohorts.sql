with bought as (

    select * from {{ ref('int_cohort_months__sold') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

months as (

    select distinct month_start_date as sales_month from dates

),

-- In its first month everybody of a cohort has bought.
cohorts as (

    select
        bought.source_system,
        bought.currency_code,
        bought.first_sales_month,
        bought.customers,
        sources.first_date,
        sources.as_of_date
    from bought
    inner join sources on bought.source_system = sources.source_system
    where bought.sales_month = bought.first_sales_month

),

-- Up to today also the months in which nobody of a cohort came back; of later ones, and of cohorts
-- before the source's first day, which come from wrong dates, those in which somebody did.
cohort_months as (

    select
        cohorts.source_system,
        cohorts.currency_code,
        cohorts.first_sales_month,
        cohorts.customers as cohort_customers,
        cohorts.as_of_date,
        months.sales_month
    from cohorts
    inner join months
        on
            cohorts.first_sales_month <= months.sales_month
            and cohorts.as_of_date >= months.sales_month
            and cast({{ dbt.date_trunc('month', 'cohorts.first_date') }} as date)
            <= cohorts.first_sales_month
    union distinct
    select
        cohorts.source_system,
        cohorts.currency_code,
        cohorts.first_sales_month,
        cohorts.customers as cohort_customers,
        cohorts.as_of_date,
        bought.sales_month
    from cohorts
    inner join bought
        on
            cohorts.source_system = bought.source_system
            and cohorts.currency_code = bought.currency_code
            and cohorts.first_sales_month = bought.first_sales_month

),

final as (

    select
        cohort_months.source_system,
        cohort_months.currency_code,
        cast(
            {{ dbt.datediff(
                'cohort_months.first_sales_month', 'cohort_months.sales_month', 'month'
            ) }}
            as integer
        ) as months_since_first,
        cast(cohort_months.cohort_customers as integer) as cohort_customers,
        cast(coalesce(bought.customers, 0) as integer) as customers,
        cast(
            round(100.0 * coalesce(bought.customers, 0) / cohort_months.cohort_customers, 2)
            as numeric(18, 2)
        ) as retained_percent,
        cast(coalesce(bought.purchases, 0) as integer) as transactions,
        cast(coalesce(bought.net_amount, 0) as numeric(18, 2)) as net_sales,
        cast(
            case
                when coalesce(bought.purchases_without_rate, 0) = 0
                    then coalesce(bought.net_amount_company, 0)
            end as numeric(18, 2)
        ) as net_sales_company,
        cast(
            case
                when coalesce(bought.purchases_without_rate, 0) = 0
                    then coalesce(bought.net_amount_company, 0)
            end as numeric(38, 6)
        ) as net_amount_company,
        cast({{ dbt.dateadd('month', 1, 'cohort_months.sales_month') }} as date)
        <= cast({{ dbt.dateadd('day', 1, 'cohort_months.as_of_date') }} as date)
            as is_month_complete,
        cohort_months.first_sales_month as cohort_month,
        cohort_months.sales_month
    from cohort_months
    left join bought
        on
            cohort_months.source_system = bought.source_system
            and cohort_months.currency_code = bought.currency_code
            and cohort_months.first_sales_month = bought.first_sales_month
            and cohort_months.sales_month = bought.sales_month

)

select * from final
