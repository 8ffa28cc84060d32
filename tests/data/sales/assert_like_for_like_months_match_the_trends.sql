-- Both reports compare the same sales of a branch's month with the same sales of a year before.
with months as (

    select
        branch_key,
        sales_month,
        like_for_like_net_sales_on_year,
        net_sales_year_before
    from {{ ref('rpt_like_for_like_sales') }}

),

trends as (

    select
        level_key as branch_key,
        period_start_date as sales_month,
        like_for_like_net_sales,
        like_for_like_net_sales_year_before
    from {{ ref('rpt_sales_trends') }}
    where level = 'branch' and period_kind = 'month'

)

select
    coalesce(months.branch_key, trends.branch_key) as branch_key,
    coalesce(months.sales_month, trends.sales_month) as sales_month
from months
full outer join trends
    on
        months.branch_key = trends.branch_key
        and months.sales_month = trends.sales_month
where
    months.branch_key is null
    or trends.branch_key is null
    or months.like_for_like_net_sales_on_year is distinct from trends.like_for_like_net_sales
    or months.net_sales_year_before is distinct from trends.like_for_like_net_sales_year_before
