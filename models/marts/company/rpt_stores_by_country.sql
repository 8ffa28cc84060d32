with branches as (

    select * from {{ ref('dim_branches') }}
    where is_warehouse is not true

),

final as (

    select
        {{ short_key("coalesce(country_code, 'unknown')") }} as country_code,
        cast(count(*) as integer) as stores,
        cast(sum(case when channel = 'online' then 1 else 0 end) as integer) as online_stores,
        cast(sum(case when is_inferred then 1 else 0 end) as integer) as inferred_stores
    from branches
    group by coalesce(country_code, 'unknown')

)

select * from final
