with branches as (

    select * from {{ ref('dim_branches') }}

),

final as (

    select
        {{ short_key("coalesce(country_code, 'unknown')") }} as country_code,
        cast(count(*) as integer) as stores,
        cast(sum(case when staff_numbers is null then 1 else 0 end) as integer)
            as stores_without_staff_numbers,
        cast(sum(staff_numbers) as bigint) as staff_numbers
    from branches
    group by coalesce(country_code, 'unknown')

)

select * from final
