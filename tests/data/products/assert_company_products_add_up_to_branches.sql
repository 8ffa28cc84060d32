-- A product's month in the company is the sum of its branches in the company's currency, rounded
-- once, and its former months match their own rows. Both tables are small: months of products, and
-- of products and branches.
with branches as (

    select
        product_key,
        sales_month,
        count(*) as branches,
        sum(quantity) as quantity,
        coalesce(sum(quantity) filter (where net_amount_company is null), 0)
            as quantity_without_rate,
        sum(transactions) as transactions,
        sum(net_amount_company) as net_amount_company,
        sum(returned_quantity) as returned_quantity
    from {{ ref('rpt_product_performance') }}
    group by product_key, sales_month

),

company as (

    select * from {{ ref('rpt_company_products') }}

)

select
    coalesce(branches.product_key, company.product_key) as product_key,
    coalesce(branches.sales_month, company.sales_month) as sales_month
from branches
full outer join company
    on
        branches.product_key = company.product_key
        and branches.sales_month = company.sales_month
where
    branches.product_key is null
    or company.product_key is null
    or branches.branches <> company.branches
    or branches.quantity <> company.quantity
    or branches.quantity_without_rate <> company.quantity_without_rate
    or branches.transactions <> company.transactions
    or branches.net_amount_company is distinct from company.net_amount_company
    or round(branches.net_amount_company, 2) is distinct from company.net_sales
    or company.net_sales is distinct from company.net_sales_company
    or branches.returned_quantity <> company.returned_quantity
union all
select
    company.product_key,
    company.sales_month
from company
left join company as last_month
    on
        company.product_key = last_month.product_key
        and company.sales_month = cast(
            {{ dbt.dateadd('month', 1, 'last_month.sales_month') }} as date
        )
left join company as last_year
    on
        company.product_key = last_year.product_key
        and company.sales_month = cast(
            {{ dbt.dateadd('month', 12, 'last_year.sales_month') }} as date
        )
where
    company.net_sales_last_month is distinct from last_month.net_sales
    or company.sales_rank_last_month is distinct from last_month.sales_rank
    or company.net_sales_last_year is distinct from last_year.net_sales
    or company.sales_rank_last_year is distinct from last_year.sales_rank
