{# A table: it reads days, not receipts, and branches times months are few. #}
with branch_days as (

    select * from {{ ref('rpt_daily_sales') }}

),

-- "Today" of a source is the latest business date it has sent.
sources as (

    select
        source_system,
        max(business_date) as last_date
    from branch_days
    group by source_system

),

-- The last day of the month so far; whole months are compared from its last day on.
running_months as (

    select
        source_system,
        cast({{ dbt.date_trunc('month', 'last_date') }} as date) as sales_month,
        case
            when last_date = {{ dbt.last_day('last_date', 'month') }} then 31
            else cast(extract(day from last_date) as integer)
        end as days_counted
    from sources

),

months as (

    select
        branch_days.branch_key,
        branch_days.source_system,
        branch_days.branch_name,
        branch_days.currency_code,
        sum(branch_days.net_sales) as net_sales,
        -- In as many days as the running month has had; null where the branch sold nothing.
        sum(
            case
                when
                    extract(day from branch_days.business_date) <= running_months.days_counted
                    then branch_days.net_sales
            end
        ) as net_sales_so_far,
        cast({{ dbt.date_trunc('month', 'branch_days.business_date') }} as date) as sales_month
    from branch_days
    inner join running_months on branch_days.source_system = running_months.source_system
    group by
        branch_days.branch_key,
        branch_days.source_system,
        branch_days.branch_name,
        branch_days.currency_code,
        cast({{ dbt.date_trunc('month', 'branch_days.business_date') }} as date)

),

compared as (

    select
        months.branch_key,
        months.source_system,
        months.branch_name,
        months.currency_code,
        months.net_sales,
        case
            when running_months.sales_month is null then month_before.net_sales
            else month_before.net_sales_so_far
        end as net_sales_month_before,
        case
            when running_months.sales_month is null then year_before.net_sales
            else year_before.net_sales_so_far
        end as net_sales_year_before,
        running_months.sales_month is not null and running_months.days_counted < 31
            as is_running_month,
        months.sales_month
    from months
    left join running_months
        on
            months.source_system = running_months.source_system
            and months.sales_month = running_months.sales_month
    left join months as month_before
        on
            months.branch_key = month_before.branch_key
            and months.sales_month = cast(
                {{ dbt.dateadd('month', 1, 'month_before.sales_month') }} as date
            )
    left join months as year_before
        on
            months.branch_key = year_before.branch_key
            and months.sales_month = cast(
                {{ dbt.dateadd('year', 1, 'year_before.sales_month') }} as date
            )

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(net_sales_month_before as numeric(18, 2)) as net_sales_month_before,
        cast(net_sales_year_before as numeric(18, 2)) as net_sales_year_before,
        cast(
            round(
                100 * (net_sales - net_sales_month_before)
                / nullif(greatest(net_sales_month_before, 0), 0),
                1
            ) as numeric(18, 1)
        ) as change_on_month_percent,
        cast(
            round(
                100 * (net_sales - net_sales_year_before)
                / nullif(greatest(net_sales_year_before, 0), 0),
                1
            ) as numeric(18, 1)
        ) as change_on_year_percent,
        net_sales_month_before is not null as is_like_for_like_on_month,
        net_sales_year_before is not null as is_like_for_like_on_year,
        is_running_month,
        sales_month
    from compared

)

select * from final
