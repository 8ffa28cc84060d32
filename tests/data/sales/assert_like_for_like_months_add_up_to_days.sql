-- Each branch's months are the sums of its days, and no day is left out.
with months as (

    select
        branch_key,
        sales_month,
        net_sales,
        net_sales_company,
        returns,
        returned_amount
    from {{ ref('rpt_like_for_like_sales') }}

),

days as (

    select
        branch_key,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month,
        sum(net_sales) as net_sales,
        round(sum(net_amount_company), 2) as net_sales_company,
        sum(returns) as returns,
        sum(returned_amount) as returned_amount
    from {{ ref('rpt_daily_sales') }}
    group by branch_key, cast({{ dbt.date_trunc('month', 'business_date') }} as date)

)

select
    coalesce(months.branch_key, days.branch_key) as branch_key,
    coalesce(months.sales_month, days.sales_month) as sales_month
from months
full outer join days
    on
        months.branch_key = days.branch_key
        and months.sales_month = days.sales_month
where
    months.net_sales is distinct from days.net_sales
    or months.net_sales_company is distinct from days.net_sales_company
    or months.returns is distinct from days.returns
    or months.returned_amount is distinct from days.returned_amount
