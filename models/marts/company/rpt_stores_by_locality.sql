with branches as (

    select * from {{ ref('dim_branches') }}
    where is_warehouse is not true

),

localities as (

    select
        coalesce(country_code, 'unknown') as country_code,
        coalesce(locality, 'unknown') as locality,
        count(*) as stores
    from branches
    group by coalesce(country_code, 'unknown'), coalesce(locality, 'unknown')

),

final as (

    select
        {{ short_key('country_code') }} as country_code,
        {{ short_key('locality') }} as locality,
        cast(stores as integer) as stores,
        -- Branches whose place is unknown are not in one place: no rank, and they take none away.
        case
            when locality <> 'unknown'
                then cast(
                    rank() over (
                        order by case when locality = 'unknown' then 1 else 0 end, stores desc
                    ) as integer
                )
        end as store_rank
    from localities

)

select * from final
