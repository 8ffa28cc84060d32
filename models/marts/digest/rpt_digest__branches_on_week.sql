{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('rpt_daily_sales') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

-- Days on which a branch was closed count as 0.
weeks as (

    select
        branch_days.branch_key,
        branch_days.source_system,
        branch_days.branch_name,
        branch_days.currency_code,
        sum(branch_days.net_sales) filter (
            where branch_days.business_date
            > cast({{ dbt.dateadd('day', -7, 'sources.as_of_date') }} as date)
        ) as net_sales,
        sum(branch_days.net_sales) filter (
            where branch_days.business_date
            <= cast({{ dbt.dateadd('day', -7, 'sources.as_of_date') }} as date)
        ) as net_sales_week_before,
        sum(branch_days.net_amount_company) filter (
            where branch_days.business_date
            > cast({{ dbt.dateadd('day', -7, 'sources.as_of_date') }} as date)
        ) as net_amount_company,
        sum(branch_days.net_amount_company) filter (
            where branch_days.business_date
            <= cast({{ dbt.dateadd('day', -7, 'sources.as_of_date') }} as date)
        ) as net_amount_company_week_before,
        sources.as_of_date
    from branch_days
    inner join sources
        on
            branch_days.source_system = sources.source_system
            and branch_days.business_date <= sources.as_of_date
    where
        branch_days.business_date
        > cast({{ dbt.dateadd('day', -14, 'sources.as_of_date') }} as date)
    group by
        branch_days.branch_key,
        branch_days.source_system,
        branch_days.branch_name,
        branch_days.currency_code,
        sources.as_of_date

),

compared as (

    select
        *,
        {{ change_percent('net_sales', 'net_sales_week_before') }} as net_sales_change_percent
    from weeks
    where net_sales is not null and net_sales_week_before > 0

),

ranked as (

    {{ best_and_worst(
        'compared', 'net_sales_change_percent', ['branch_name', 'branch_key', 'currency_code'], 2
    ) }}

),

final as (

    select
        cast(position as integer) as position,
        branch_key,
        source_system,
        branch_name,
        currency_code,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(net_sales_week_before as numeric(18, 2)) as net_sales_week_before,
        cast(net_amount_company_week_before as numeric(18, 2)) as net_sales_company_week_before,
        net_sales_change_percent,
        as_of_date
    from ranked

)

select * from final
