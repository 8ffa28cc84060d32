{{ config(materialized='view') }}

with branch_months as (

    select * from {{ ref('rpt_like_for_like_sales') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

compared as (

    select branch_months.*
    from branch_months
    inner join sources
        on
            branch_months.source_system = sources.source_system
            and branch_months.sales_month
            = cast({{ dbt.date_trunc('month', 'sources.as_of_date') }} as date)
    where branch_months.change_on_year_percent is not null

),

ranked as (

    {{ best_and_worst(
        'compared', 'change_on_year_percent', ['branch_name', 'branch_key', 'currency_code'], 2
    ) }}

),

final as (

    select
        cast(position as integer) as position,
        branch_key,
        source_system,
        branch_name,
        currency_code,
        like_for_like_net_sales_on_year,
        cast(like_for_like_net_amount_company_on_year as numeric(18, 2))
            as like_for_like_net_sales_company_on_year,
        net_sales_year_before,
        cast(net_amount_company_year_before as numeric(18, 2)) as net_sales_company_year_before,
        change_on_year_percent,
        sales_month
    from ranked

)

select * from final
