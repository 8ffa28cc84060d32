-- The tiers of a source begin at hour 0, leave no hour out, do not overlap, and are three at most.
with tiers as (

    select
        *,
        lag(to_hours) over same_set as hours_before,
        row_number() over same_set as tier_number
    from {{ ref('pay_tiers') }}
    window
        same_set as (
            partition by source_system, valid_from order by from_hours
        )

)

select
    source_system,
    valid_from,
    from_hours,
    to_hours
from tiers
where
    tier_number > 3
    or to_hours <= from_hours
    or from_hours <> case when tier_number = 1 then 0 else coalesce(hours_before, -1) end
