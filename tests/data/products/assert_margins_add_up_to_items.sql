-- The sales, cost and margin of every product, branch and month with costs match the items, and the
-- sales match the days on which it sold.
{#- The calendar is read where a few months are in scope. #}
{%- set calendar = ref('dim_dates') %}
{%- set mark = tested_up_to() %}

with items as (

    select
        product_key,
        branch_key,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month,
        sum(net_amount) as net_sales,
        sum(net_of_vat_amount) filter (where margin is not null) as costed_sales,
        sum(cost) as cost,
        sum(margin) as margin
    from {{ ref('fct_sale_margins') }}
    where {{ in_scope('day_of_branch_month', mark) }}
    group by product_key, branch_key, sales_month

),

margins as (

    select * from {{ ref('rpt_product_margins') }}
    where {{ in_scope('branch_month', mark) }}

),

-- Of the sources with costs only.
sold as (

    select
        branch_key,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as sales_month,
        product_key,
        sum(net_amount) as net_sales
    from {{ ref('int_product_days__sold') }}
    where
        source_system in (
            select costs.source_system from {{ ref('dim_product_costs') }} as costs
        )
        and {{ in_scope('day_of_branch_month', mark) }}
    group by product_key, branch_key, sales_month

)

select
    coalesce(items.product_key, margins.product_key, sold.product_key) as product_key,
    coalesce(items.branch_key, margins.branch_key, sold.branch_key) as branch_key,
    coalesce(items.sales_month, margins.sales_month, sold.sales_month) as sales_month
from items
full outer join margins
    on
        items.product_key = margins.product_key
        and items.branch_key = margins.branch_key
        and items.sales_month = margins.sales_month
full outer join sold
    on
        coalesce(items.product_key, margins.product_key) = sold.product_key
        and coalesce(items.branch_key, margins.branch_key) = sold.branch_key
        and coalesce(items.sales_month, margins.sales_month) = sold.sales_month
where
    items.net_sales is distinct from margins.net_sales
    or sold.net_sales is distinct from margins.net_sales
    or coalesce(items.costed_sales, 0) <> margins.costed_sales
    or coalesce(items.cost, 0) <> margins.cost
    or coalesce(items.margin, 0) <> margins.margin
