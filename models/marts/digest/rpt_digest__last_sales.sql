{{ config(materialized='view') }}

with sold_in as (

    select * from {{ ref('dim_branches') }}
    where last_business_date is not null

),

sources as (

    select * from {{ ref('int_sources__as_of') }}

),

-- as_of_date is never a date in the future of the latest file's load.
final as (

    select
        cast(
            row_number() over (order by sold_in.source_system, sold_in.branch_name) as integer
        ) as position,
        sold_in.branch_key,
        sold_in.source_system,
        sold_in.branch_name,
        cast(
            greatest(
                {{ dbt.datediff('sold_in.last_business_date', 'sources.as_of_date', 'day') }}, 0
            ) as integer
        ) as days_late,
        sold_in.last_business_date
    from sold_in
    inner join sources on sold_in.source_system = sources.source_system

)

select * from final
