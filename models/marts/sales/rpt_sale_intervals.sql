{#
    In the order of their times, all gaps between the first sale of a year and the first one after the year add up to
    the time between these two: first and last times and the number of sales are enough, and no receipt is read.
#}
{{ config(materialized='view') }}

with branch_days as (

    select * from {{ ref('int_branch_days__measured') }}
    where timed_receipts > 0 and not is_after_file

),

years as (

    select
        cast(extract(year from business_date) as integer) as year_number,
        sum(timed_receipts) as transactions,
        min(first_sold_at_local) as first_sold_at_local,
        max(last_sold_at_local) as last_sold_at_local
    from branch_days
    group by cast(extract(year from business_date) as integer)

),

-- The last year's last sale has no next one.
bounded_years as (

    select
        year_number,
        transactions,
        transactions
        - case when lead(year_number) over by_year is null then 1 else 0 end as intervals,
        first_sold_at_local,
        last_sold_at_local,
        coalesce(lead(first_sold_at_local) over by_year, last_sold_at_local) as next_sold_at_local
    from years
    window by_year as (order by year_number)

),

measured as (

    select
        *,
        {{ ratio(
            'extract(epoch from next_sold_at_local - first_sold_at_local)', 'nullif(intervals, 0)', 6
        ) }} as average_seconds
    from bounded_years

),

final as (

    select
        year_number,
        cast(transactions as bigint) as transactions,
        cast(intervals as bigint) as intervals,
        make_interval(secs => average_seconds) as average_interval,
        cast(round(average_seconds, 3) as numeric(18, 3)) as average_interval_seconds,
        first_sold_at_local,
        last_sold_at_local
    from measured

)

select * from final
