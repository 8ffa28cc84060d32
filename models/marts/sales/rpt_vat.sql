{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('rpt_daily_vat') }}

),

months as (

    select
        branch_key,
        source_system,
        branch_name,
        country_code,
        currency_code,
        vat_rate_key,
        vat_rate_percent,
        sum(transactions) as transactions,
        sum(returns) as returns,
        sum(sold_gross_amount) as sold_gross_amount,
        sum(sold_vat_amount) as sold_vat_amount,
        sum(returned_gross_amount) as returned_gross_amount,
        sum(returned_vat_amount) as returned_vat_amount,
        sum(gross_amount) as gross_amount,
        sum(vat_amount) as vat_amount,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from branch_days
    group by
        branch_key,
        source_system,
        branch_name,
        country_code,
        currency_code,
        vat_rate_key,
        vat_rate_percent,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date)

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        country_code,
        currency_code,
        vat_rate_key,
        vat_rate_percent,
        cast(transactions as bigint) as transactions,
        cast(returns as bigint) as returns,
        cast(sold_gross_amount as numeric(18, 2)) as sold_gross_amount,
        cast(sold_vat_amount as numeric(18, 2)) as sold_vat_amount,
        cast(sold_gross_amount - sold_vat_amount as numeric(18, 2)) as sold_net_of_vat_amount,
        cast(returned_gross_amount as numeric(18, 2)) as returned_gross_amount,
        cast(returned_vat_amount as numeric(18, 2)) as returned_vat_amount,
        cast(returned_gross_amount - returned_vat_amount as numeric(18, 2))
            as returned_net_of_vat_amount,
        cast(gross_amount as numeric(18, 2)) as gross_amount,
        cast(vat_amount as numeric(18, 2)) as vat_amount,
        cast(gross_amount - vat_amount as numeric(18, 2)) as net_of_vat_amount,
        sales_month
    from months

)

select * from final
