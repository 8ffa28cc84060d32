select 1 as pair_id, cast('a' as text) as branch, cast(1 as integer) as "order"
union all
select 2, 'a', 2
union all
select 3, 'b', 1
union all
select 4, 'a', 1
union all
select 5, null, 1
union all
select 6, null, 1
union all
select 7, 'c', null
