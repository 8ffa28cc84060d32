{{ config(materialized='view') }}

with sold_in as (

    select * from {{ ref('dim_branches') }}
    where first_business_date is not null

),

listed as (

    select * from {{ ref('branches') }}

),

final as (

    select
        cast(
            row_number() over (order by sold_in.branch_name, sold_in.source_system) as integer
        ) as position,
        sold_in.branch_key,
        sold_in.source_system,
        sold_in.branch_name,
        sold_in.currency_code,
        sold_in.time_zone
    from sold_in
    left join listed
        on
            sold_in.source_system = listed.source_system
            and sold_in.branch_name = listed.branch_name
    where listed.branch_name is null

)

select * from final
