with branches as (

    select * from {{ ref('dim_branches') }}
    where is_warehouse is not true

),

final as (

    select
        {{ short_key("coalesce(country_code, 'unknown')") }} as country_code,
        cast(count(*) as integer) as stores,
        cast(sum(case when staff_count is null then 1 else 0 end) as integer)
            as stores_without_staff_count,
        cast(sum(staff_count) as bigint) as staff_count
    from branches
    group by coalesce(country_code, 'unknown')

)

select * from final
