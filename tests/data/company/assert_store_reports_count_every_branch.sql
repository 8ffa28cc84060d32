-- Every branch but a warehouse is one store in each of the reports, and its people count.
with branches as (

    select
        count(*) as stores,
        coalesce(sum(staff_count), 0) as staff_count
    from {{ ref('dim_branches') }}
    where not is_warehouse

),

reported as (

    select
        (select coalesce(sum(stores), 0) from {{ ref('rpt_stores_by_country') }})
            as stores_by_country,
        (select coalesce(sum(stores), 0) from {{ ref('rpt_stores_by_locality') }})
            as stores_by_locality,
        (select coalesce(sum(stores), 0) from {{ ref('rpt_staff_by_country') }})
            as stores_with_staff,
        (select coalesce(sum(staff_count), 0) from {{ ref('rpt_staff_by_country') }})
            as staff_count

)

select
    branches.stores,
    reported.*
from branches
cross join reported
where
    branches.stores <> reported.stores_by_country
    or branches.stores <> reported.stores_by_locality
    or branches.stores <> reported.stores_with_staff
    or branches.staff_count <> reported.staff_count
