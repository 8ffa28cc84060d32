{#
    By share of the company's sales, because the latest month may be incomplete. A product that did not sell in one of
    the months has a share of 0; a currency with a single month is not compared.
#}
{{ config(materialized='view') }}

with product_months as (

    select * from {{ ref('rpt_company_products') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

latest as (

    select
        product_months.currency_code,
        max(product_months.sales_month) as sales_month
    from product_months
    inner join sources
        on
            product_months.source_system = sources.source_system
            and product_months.sales_month <= sources.as_of_date
    group by product_months.currency_code

),

months as (

    select
        product_months.product_key,
        product_months.source_system,
        product_months.product_name,
        product_months.currency_code,
        max(product_months.net_sales) filter (
            where product_months.sales_month = latest.sales_month
        ) as net_sales,
        max(product_months.company_sales_percent) filter (
            where product_months.sales_month = latest.sales_month
        ) as share,
        max(product_months.company_sales_percent) filter (
            where product_months.sales_month < latest.sales_month
        ) as share_before,
        latest.sales_month
    from product_months
    inner join latest on product_months.currency_code = latest.currency_code
    where
        product_months.sales_month between
        cast({{ dbt.dateadd('month', -1, 'latest.sales_month') }} as date)
        and latest.sales_month
    group by
        product_months.product_key,
        product_months.source_system,
        product_months.product_name,
        product_months.currency_code,
        latest.sales_month

),

-- Shares exist for all products of a currency and month, or for none.
shares as (

    select
        *,
        count(share) over same_money as shares,
        count(share_before) over same_money as shares_before,
        coalesce(share, 0) - coalesce(share_before, 0) as share_change
    from months
    window same_money as (partition by currency_code)

),

compared as (

    select * from shares
    where shares > 0 and shares_before > 0

),

ranked as (

    {{ best_and_worst(
        'compared', 'share_change', ['product_name', 'product_key', 'currency_code'], 3
    ) }}

),

final as (

    select
        cast(position as integer) as position,
        product_key,
        source_system,
        product_name,
        currency_code,
        cast(coalesce(net_sales, 0) as numeric(18, 2)) as net_sales,
        cast(coalesce(share, 0) as numeric(18, 1)) as company_sales_percent,
        cast(share_change as numeric(18, 1)) as company_sales_percent_change,
        sales_month
    from ranked

)

select * from final
