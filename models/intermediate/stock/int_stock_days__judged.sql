{#
    Incremental by branch and business date: the levels of all lists are many, and a night judges those of its own list
    and of days whose sales have changed.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        meta={'touched_by': 'judged_stock_day', 'data_lag': {'fct_stock_levels': ['stock']}},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('judged_stock_day') %}
{%- set sale_days = ref('int_branch_days__measured') %}

with stock_days as (

    select * from {{ ref('int_stock_days__windows') }}
    {% if is_incremental() -%}
    where (branch_key, business_date) in ({{ touched }})
    {%- endif %}

),

stock_levels as (

    {% if is_incremental() -%}
    {{ look_up_branch_days(ref('int_stock_levels__daily'), touched) }}
    {%- else -%}
    select * from {{ ref('int_stock_levels__daily') }}
    {%- endif %}

),

places as (

    select * from {{ ref('int_stock_places__supplying') }}

),

{% if is_incremental() -%}
needed_days as (

    select distinct
        sale_days.branch_key,
        sale_days.business_date
    from stock_days
    inner join places on stock_days.branch_key = places.branch_key
    inner join {{ sale_days }} as sale_days
        on
            places.supplied_branch_key = sale_days.branch_key
            and stock_days.window_start_date <= sale_days.business_date
            and stock_days.window_end_date >= sale_days.business_date

),

product_days as (

    {{ look_up_branch_days(ref('int_product_days__sold'), 'select * from needed_days') }}

),
{%- else -%}
product_days as (

    select * from {{ ref('int_product_days__sold') }}
    where branch_key in (select places.supplied_branch_key from places)

),
{%- endif %}

-- The levels stand among the days of sales, at the end of their window: one pass adds up the sales
-- of all windows.
days_in_order as (

    select
        product_days.product_key,
        places.branch_key,
        product_days.sold_quantity,
        cast(null as numeric(18, 3)) as stock_quantity,
        product_days.business_date as window_end_date,
        cast(null as date) as business_date
    from product_days
    inner join places on product_days.branch_key = places.supplied_branch_key
    union all
    select
        stock_levels.product_key,
        stock_levels.branch_key,
        cast(0 as numeric(18, 3)) as sold_quantity,
        stock_levels.stock_quantity,
        coalesce(stock_days.window_end_date, stock_days.business_date) as window_end_date,
        stock_levels.business_date
    from stock_levels
    inner join stock_days
        on
            stock_levels.branch_key = stock_days.branch_key
            and stock_levels.business_date = stock_days.business_date

),

summed_up as (

    select
        branch_key,
        stock_quantity,
        sum(sold_quantity) over (
            partition by branch_key, product_key
            order by window_end_date
            range between interval '{{ var("stock_velocity_days") - 1 }} days' preceding
            and current row
        ) as sold_quantity,
        business_date
    from days_in_order

),

judged as (

    select
        branch_key,
        {{ stock_status('stock_quantity', 'sold_quantity') }} as status,
        business_date
    from summed_up
    where business_date is not null

),

final as (

    select
        branch_key,
        count(*) as products,
        count(*) filter (where status = 'OUT_OF_STOCK') as out_of_stock_products,
        count(*) filter (where status = 'STOCKOUT_RISK') as stockout_risk_products,
        count(*) filter (where status = 'DEAD_STOCK') as dead_stock_products,
        count(*) filter (where status = 'OVERSTOCK') as overstock_products,
        count(*) filter (where status = 'HEALTHY') as healthy_products,
        business_date
    from judged
    group by branch_key, business_date

)

select * from final
