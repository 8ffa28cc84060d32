-- A warning, because a target may be written before its branch opens, and the report shows it with
-- its problem.
{{ config(severity='warn') }}

select
    source_system,
    branch_name,
    problem,
    sales_month
from {{ ref('rpt_sales_against_targets') }}
where is_latest_day and problem is not null
