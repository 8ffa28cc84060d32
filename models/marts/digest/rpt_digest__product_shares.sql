{#
    By share of the company's sales, because the latest month may be incomplete. A product that did not sell in one of
    the months has a share of 0; a single month is not compared.
#}
{{ config(materialized='view') }}

with product_months as (

    select * from {{ ref('rpt_company_products') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

latest as (

    select max(product_months.sales_month) as sales_month
    from product_months
    inner join sources
        on
            product_months.source_system = sources.source_system
            and product_months.sales_month <= sources.as_of_date

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
        {{ dbt.bool_or('product_months.net_sales is null') }} as has_unrated_month,
        latest.sales_month
    from product_months
    cross join latest
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

-- Shares exist for all products of a month with a rate, or for none of them. What sold without a
-- rate in one of the months has a share that nobody knows, and not one of 0.
shares as (

    select
        *,
        count(share) over () as shares,
        count(share_before) over () as shares_before,
        coalesce(share, 0) - coalesce(share_before, 0) as share_change
    from months

),

compared as (

    select * from shares
    where
        shares > 0
        and shares_before > 0
        and not has_unrated_month

),

ranked as (

    {{ best_and_worst('compared', 'share_change', ['product_name', 'product_key'], 3) }}

),

final as (

    select
        cast(position as integer) as position,
        product_key,
        source_system,
        product_name,
        currency_code,
        cast(coalesce(net_sales, 0) as numeric(18, 2)) as net_sales,
        cast(coalesce(net_sales, 0) as numeric(18, 2)) as net_sales_company,
        cast(coalesce(share, 0) as numeric(18, 1)) as company_sales_percent,
        cast(share_change as numeric(18, 1)) as company_sales_percent_change,
        sales_month
    from ranked

)

select * from final
