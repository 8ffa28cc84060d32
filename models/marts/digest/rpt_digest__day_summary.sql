{{ config(materialized='view') }}
{%- set statuses = ['out_of_stock', 'stockout_risk', 'dead_stock', 'overstock', 'healthy'] %}

with branches as (

    select * from {{ ref('dim_branches') }}
    where last_business_date is not null

),

branch_days as (

    select * from {{ ref('rpt_daily_sales') }}

),

inventory as (

    select * from {{ ref('rpt_inventory_status') }}

),

staffed_days as (

    select * from {{ ref('fct_staffed_days') }}

),

last_days as (

    select branch_days.*
    from branches
    inner join branch_days
        on
            branches.branch_key = branch_days.branch_key
            and branches.last_business_date = branch_days.business_date

),

product_days as (

    {{ look_up_branch_days(
        ref('int_product_days__sold'),
        'select branch_key, last_business_date as business_date from branches'
    ) }}

),

ranked_products as (

    select
        branch_key,
        product_key,
        product_name,
        net_amount,
        row_number() over (
            partition by branch_key order by net_amount desc, product_name asc, product_key asc
        ) as place
    from product_days

),

-- Of the latest list of stock, which may be of another day.
stock as (

    select
        branch_key,
        {%- for status in statuses %}
        count(*) filter (where status = '{{ status | upper }}') as {{ status }}_products,
        {%- endfor %}
        avg(days_of_cover) filter (where status <> 'OUT_OF_STOCK') as mean_days_of_cover,
        percentile_cont(0.5) within group (order by days_of_cover) filter (
            where status <> 'OUT_OF_STOCK'
        ) as median_days_of_cover
    from inventory
    group by branch_key

),

final as (

    select
        cast(
            row_number() over (
                order by
                    last_days.business_date desc,
                    last_days.net_amount_company desc nulls last,
                    last_days.net_sales desc,
                    last_days.branch_name asc,
                    last_days.branch_key asc
            ) as integer
        ) as position,
        last_days.branch_key,
        best_products.product_key as best_product_key,
        last_days.source_system,
        last_days.branch_name,
        last_days.currency_code,
        best_products.product_name as best_product_name,
        last_days.transactions,
        last_days.returns,
        last_days.items_sold,
        last_days.net_sales,
        last_days.net_sales_company,
        last_days.returned_amount,
        last_days.average_transaction_value,
        last_days.transactions_last_week,
        last_days.net_sales_last_week,
        last_days.net_sales_change_percent,
        cast(best_products.net_amount as numeric(18, 2)) as best_product_net_sales,
        {%- for status in statuses %}
        cast(stock.{{ status }}_products as integer) as {{ status }}_products,
        {%- endfor %}
        cast(round(stock.mean_days_of_cover, 1) as numeric(18, 1)) as mean_days_of_cover,
        cast(round(cast(stock.median_days_of_cover as numeric), 1) as numeric(18, 1))
            as median_days_of_cover,
        staffed_days.staff,
        cast(round(staffed_days.worked_hours, 2) as numeric(18, 2)) as staff_hours,
        last_days.business_date
    from last_days
    left join ranked_products as best_products
        on last_days.branch_key = best_products.branch_key and best_products.place = 1
    left join stock on last_days.branch_key = stock.branch_key
    left join staffed_days
        on
            last_days.branch_key = staffed_days.branch_key
            and last_days.business_date = staffed_days.business_date

)

select * from final
