-- Both shares of every web site add up to exactly 100.00, and a share lies in its own interval.
with budget as (

    select * from {{ ref('rpt_advertising_budget') }}

),

totals as (

    select
        source_system,
        sum(hits_share_percent) as hits_share_percent,
        sum(return_share_percent) as return_share_percent
    from budget
    group by source_system

)

select
    source_system,
    cast(null as text) as country_code
from totals
where hits_share_percent <> 100 or return_share_percent <> 100
union all
select
    source_system,
    country_code
from budget
where
    return_share_percent < return_share_low_percent - 0.01
    or return_share_percent > return_share_high_percent + 0.01
