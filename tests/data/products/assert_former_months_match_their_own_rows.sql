-- A product's figures for the month before and the same month of the year before match those
-- months' own rows.
with this_month as (

    select * from {{ ref('rpt_product_performance') }}
    where {{ in_scope('reported_branch_month') }}

)

select
    this_month.product_key,
    this_month.branch_key,
    this_month.sales_month
from this_month
left join {{ ref('rpt_product_performance') }} as last_month
    on
        this_month.product_key = last_month.product_key
        and this_month.branch_key = last_month.branch_key
        and last_month.sales_month = cast(
            {{ dbt.dateadd('month', -1, 'this_month.sales_month') }} as date
        )
left join {{ ref('rpt_product_performance') }} as last_year
    on
        this_month.product_key = last_year.product_key
        and this_month.branch_key = last_year.branch_key
        and last_year.sales_month = cast(
            {{ dbt.dateadd('month', -12, 'this_month.sales_month') }} as date
        )
where
    this_month.net_sales_last_month is distinct from last_month.net_sales
    or this_month.quantity_last_month is distinct from last_month.quantity
    or this_month.sales_rank_last_month is distinct from last_month.sales_rank
    or this_month.net_sales_last_year is distinct from last_year.net_sales
    or this_month.quantity_last_year is distinct from last_year.quantity
    or this_month.sales_rank_last_year is distinct from last_year.sales_rank
