-- An address is in one range at most of each list. Of several lists the one loaded last counts.
with ranges as (

    select * from {{ ref('int_ip_ranges__unioned') }}
    where is_current

),

followed as (

    select
        *,
        lead(ip_from) over (
            partition by source_system, file_id order by ip_from, ip_to
        ) as next_ip_from
    from ranges

)

select
    source_system,
    file_id,
    ip_from,
    ip_to,
    next_ip_from
from followed
where ip_to >= next_ip_from or ip_to < ip_from
