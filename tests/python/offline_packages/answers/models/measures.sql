select
    1 as measure_id,
    cast(0 as integer) as measured,
    cast(0 as integer) as other
union all
select 2, 10, 5
union all
select 3, null, null
union all
select 4, -1, 2
union all
select 5, 11, 20
