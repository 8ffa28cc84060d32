{{ config(materialized='view') }}

with team as (

    select * from {{ ref('sales_team_data_mart') }}

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

latest_months as (

    select team.*
    from team
    inner join sources
        on
            team.source_system = sources.source_system
            and team.sales_month_start_date
            = cast({{ dbt.date_trunc('month', 'sources.as_of_date') }} as date)

),

ranked as (

    select
        *,
        row_number() over (
            order by
                total_sales_company desc nulls last,
                total_sales desc,
                sales_person_id asc,
                store_id asc,
                source_system asc,
                currency_code asc
        ) as position
    from latest_months

),

final as (

    select
        cast(position as integer) as position,
        branch_key,
        employee_key,
        source_system,
        store_id,
        sales_person_id,
        coalesce(full_name, 'number ' || sales_person_id) as full_name,
        sales_month,
        currency_code,
        total_sales,
        total_sales_company,
        cast(sales_contribution_percentage as numeric(18, 1)) as sales_contribution_percentage,
        incentive
    from ranked
    where position <= 4

)

select * from final
