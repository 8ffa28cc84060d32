-- Every line of every current file version is in a receipt or is a rejected row: none is lost, none
-- counts twice. Returns the files that violate this. Files loaded since the facts were built wait
-- for the next build.
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

raw_rows as (

    select
        lines.file_id,
        count(*) as row_count
    from lines
    inner join files on lines.file_id = files.file_id
    group by lines.file_id

),

checked as (

    select * from {{ ref('int_transactions__unioned') }}
    where is_current and {{ in_scope('file', tested) }}

),

transactions as (

    select * from {{ ref('fct_transactions') }}
    where {{ in_scope('branch_day', tested) }}

),

sold as (

    select
        checked.file_id,
        sum(checked.raw_rows) as row_count
    from checked
    inner join transactions on checked.transaction_id = transactions.transaction_id
    group by checked.file_id

),

rejected_rows as (

    select * from {{ ref('rejected_rows') }}
    where refused_at_step = 'check' and {{ in_scope('path', tested) }}

),

rejected as (

    select
        files.file_id,
        count(*) as row_count
    from rejected_rows
    inner join files
        on
            rejected_rows.feed = files.feed
            and rejected_rows.file_path = files.file_path
    group by files.file_id

)

select
    raw_rows.file_id,
    raw_rows.row_count as raw_row_count,
    coalesce(sold.row_count, 0) as sold_row_count,
    coalesce(rejected.row_count, 0) as rejected_row_count
from raw_rows
left join sold on raw_rows.file_id = sold.file_id
left join rejected on raw_rows.file_id = rejected.file_id
where raw_rows.row_count <> coalesce(sold.row_count, 0) + coalesce(rejected.row_count, 0)
