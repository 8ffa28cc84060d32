-- The days of every product and branch match the items, and the months in the report match their
-- days.
{#- The calendar is read where a few months are in scope. #}
{%- set calendar = ref('dim_dates') %}
{%- set mark = tested_up_to() %}
{%- set scope = in_scope('branch_day', mark) %}

with items as (

    select
        product_key,
        branch_key,
        business_date,
        sum(quantity) as quantity,
        sum(net_amount) as net_sales,
        sum(net_amount_company) as net_amount_company,
        {{ returned_products_of() }}
    from {{ ref('fct_sales') }}
    where {{ scope }}
    group by product_key, branch_key, business_date

),

product_days as (

    select * from {{ ref('int_product_days__sold') }}
    where {{ scope }}

),

days_of_months as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month
    from {{ ref('int_product_days__sold') }}
    where {{ in_scope('day_of_branch_month', mark) }}

),

product_months as (

    select
        product_key,
        branch_key,
        sales_month,
        sum(quantity) as quantity,
        sum(net_amount) as net_sales,
        sum(net_amount_company) as net_amount_company,
        sum(returned_quantity) as returned_quantity,
        sum(returned_amount) as returned_amount
    from days_of_months
    group by product_key, branch_key, sales_month

),

performance as (

    select * from {{ ref('rpt_product_performance') }}
    where {{ in_scope('branch_month', mark) }}

)

select
    coalesce(items.product_key, product_days.product_key) as product_key,
    coalesce(items.branch_key, product_days.branch_key) as branch_key,
    coalesce(items.business_date, product_days.business_date) as first_date
from items
full outer join product_days
    on
        items.product_key = product_days.product_key
        and items.branch_key = product_days.branch_key
        and items.business_date = product_days.business_date
where
    items.product_key is null
    or product_days.product_key is null
    or items.quantity <> product_days.quantity
    or items.net_sales <> product_days.net_amount
    or items.net_amount_company is distinct from product_days.net_amount_company
    or items.returned_quantity <> product_days.returned_quantity
    or items.returned_amount <> product_days.returned_amount
union all
select
    coalesce(product_months.product_key, performance.product_key) as product_key,
    coalesce(product_months.branch_key, performance.branch_key) as branch_key,
    coalesce(product_months.sales_month, performance.sales_month) as first_date
from product_months
full outer join performance
    on
        product_months.product_key = performance.product_key
        and product_months.branch_key = performance.branch_key
        and product_months.sales_month = performance.sales_month
where
    product_months.product_key is null
    or performance.product_key is null
    or product_months.quantity <> performance.quantity
    or product_months.net_sales <> performance.net_sales
    or product_months.net_amount_company is distinct from performance.net_amount_company
    or round(product_months.net_amount_company, 2) is distinct from performance.net_sales_company
    or product_months.returned_quantity <> performance.returned_quantity
    or product_months.returned_amount <> performance.returned_amount
