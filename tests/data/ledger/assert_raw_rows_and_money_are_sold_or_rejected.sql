-- Every line of every current file version is in a receipt or is a rejected row: none is lost, none
-- counts twice. So is every penny that it claims, and no day's receipts have a penny more. Returns
-- the files and days that violate this. Files loaded since the facts were built wait for the next
-- build.
{%- set mark = high_water_mark('fct_transactions') %}
{%- set tested = tested_up_to() %}

with files as (

    select * from {{ ref('int_files__versioned') }}
    where {{ counts_as_of(mark) }} and {{ in_scope('file', tested) }}

),

lines as (

    select * from {{ ref('int_raw_claims__unioned') }}
    where {{ in_scope('file', tested) }}

),

raw_files as (

    select
        lines.file_id,
        count(*) as row_count,
        coalesce(sum(lines.claimed_amount), 0) as amount
    from lines
    inner join files on lines.file_id = files.file_id
    group by lines.file_id

),

transactions as (

    select * from {{ ref('fct_transactions') }}
    where {{ in_scope('branch_day', tested) }}

),

checked as (

    select * from {{ ref('int_transactions__unioned') }}
    where is_current and {{ in_scope('file', tested) }}

),

-- A receipt comes to what its source states: cash rounding, say, is in no line. If its lines are in
-- several files, it is a row in each of them.
sold as (

    select
        checked.file_id,
        sum(checked.raw_rows) as row_count,
        sum(transactions.net_amount - coalesce(checked.unstated_amount, 0)) as amount
    from checked
    inner join transactions
        on
            checked.transaction_id = transactions.transaction_id
            and checked.business_date = transactions.business_date
    group by checked.file_id

),

rejected_rows as (

    select * from {{ ref('rejected_rows') }}
    where {{ in_scope('path', tested) }}

),

rejected as (

    select
        files.file_id,
        sum(case when rejected_rows.refused_at_step = 'check' then 1 else 0 end) as row_count,
        sum(rejected_rows.claimed_amount) as amount
    from rejected_rows
    inner join files
        on
            rejected_rows.feed = files.feed
            and rejected_rows.file_path = files.file_path
    group by files.file_id

),

days_sold as (

    select
        branch_key,
        business_date,
        sum(net_amount) as amount
    from transactions
    group by branch_key, business_date

),

days_checked as (

    select
        branch_key,
        business_date,
        sum(net_amount) as amount
    from ({{ rows_in_scope(ref('int_transactions__unioned'), 'branch_day') }}) as transactions
    where is_sale
    group by branch_key, business_date

)

select
    raw_files.file_id,
    cast(null as text) as branch_key,
    cast(null as date) as business_date,
    raw_files.row_count as expected_row_count,
    coalesce(sold.row_count, 0) + coalesce(rejected.row_count, 0) as found_row_count,
    raw_files.amount as expected_amount,
    coalesce(sold.amount, 0) + coalesce(rejected.amount, 0) as found_amount
from raw_files
left join sold on raw_files.file_id = sold.file_id
left join rejected on raw_files.file_id = rejected.file_id
where
    raw_files.row_count <> coalesce(sold.row_count, 0) + coalesce(rejected.row_count, 0)
    or raw_files.amount <> coalesce(sold.amount, 0) + coalesce(rejected.amount, 0)
union all
select
    cast(null as bigint) as file_id,
    coalesce(days_checked.branch_key, days_sold.branch_key) as branch_key,
    coalesce(days_checked.business_date, days_sold.business_date) as business_date,
    cast(null as bigint) as expected_row_count,
    cast(null as bigint) as found_row_count,
    days_checked.amount as expected_amount,
    days_sold.amount as found_amount
from days_checked
full outer join days_sold
    on
        days_checked.branch_key = days_sold.branch_key
        and days_checked.business_date = days_sold.business_date
where days_checked.amount is distinct from days_sold.amount
