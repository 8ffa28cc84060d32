{#
    Incremental by branch and business date: few of all levels, with what only the first day of a stockout needs: the
    sales of the days before it.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        meta={'touched_by': 'judged_stock_day'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('judged_stock_day') %}
{%- set days = var('stock_velocity_days') %}
{%- set levels = ref('int_stock_levels__daily') %}
{%- set product_days = ref('int_product_days__sold') %}
{%- set same_product_day -%}
    found.branch_key = wanted.branch_key
    and found.business_date = wanted.business_date
    and found.product_key = wanted.product_key
{%- endset %}

with stock_days as (

    select * from {{ ref('int_stock_days__windows') }}
    {% if is_incremental() -%}
    where (branch_key, business_date) in ({{ touched }})
    {%- endif %}

),

-- A day has a row for each currency.
sale_days as (

    select distinct
        branch_key,
        business_date
    from {{ ref('int_branch_days__measured') }}

),

empty_levels as (

    {% if is_incremental() -%}
    select * from ({{ look_up_branch_days(levels, touched) }}) as touched_levels
    {%- else -%}
    select * from {{ levels }}
    {%- endif %}
    where stock_quantity <= 0

),

{% if is_incremental() -%}
-- The same products in the branch's list before.
previous_days as (

    select
        empty_levels.product_key,
        empty_levels.branch_key,
        stock_days.previous_date as business_date
    from empty_levels
    inner join stock_days
        on
            empty_levels.branch_key = stock_days.branch_key
            and empty_levels.business_date = stock_days.business_date
    where stock_days.previous_date is not null

),
{%- endif %}

previous_levels as (

    {% if is_incremental() -%}
    {{ look_up(levels, 'select * from previous_days', same_product_day) }}
    {%- else -%}
    select * from {{ levels }}
    {%- endif %}

),

levels_in_order as (

    select
        empty_levels.*,
        coalesce(previous_levels.stock_quantity > 0, true) as is_first_day
    from empty_levels
    inner join stock_days
        on
            empty_levels.branch_key = stock_days.branch_key
            and empty_levels.business_date = stock_days.business_date
    left join previous_levels
        on
            empty_levels.product_key = previous_levels.product_key
            and empty_levels.branch_key = previous_levels.branch_key
            and stock_days.previous_date = previous_levels.business_date

),

-- The days with sales of the branch before a stockout.
days_before as (

    select
        levels_in_order.product_key,
        levels_in_order.branch_key,
        levels_in_order.business_date as first_date,
        sale_days.business_date
    from levels_in_order
    inner join sale_days
        on
            levels_in_order.branch_key = sale_days.branch_key
            and levels_in_order.business_date > sale_days.business_date
            and {{ dbt.dateadd('day', -days, 'levels_in_order.business_date') }}
            <= sale_days.business_date
    where levels_in_order.is_first_day

),

{% if is_incremental() -%}
needed_days as (

    select
        product_key,
        branch_key,
        business_date
    from days_before
    union
    select
        product_key,
        branch_key,
        business_date
    from levels_in_order

),
{%- endif %}

sold as (

    {% if is_incremental() -%}
    {{ look_up(product_days, 'select * from needed_days', same_product_day) }}
    {%- else -%}
    select * from {{ product_days }}
    {%- endif %}

),

levels_before as (

    {% if is_incremental() -%}
    {{ look_up(levels, 'select * from needed_days', same_product_day) }}
    {%- else -%}
    select * from {{ levels }}
    {%- endif %}

),

-- Only days on which the product was not out of stock, as far as the lists say.
sold_before as (

    select
        days_before.product_key,
        days_before.branch_key,
        count(*) as days_in_stock,
        coalesce(sum(sold.sold_quantity), 0) as sold_quantity,
        coalesce(sum(sold.net_amount + sold.returned_amount), 0) as sold_amount,
        days_before.first_date
    from days_before
    left join levels_before
        on
            days_before.product_key = levels_before.product_key
            and days_before.branch_key = levels_before.branch_key
            and days_before.business_date = levels_before.business_date
    left join sold
        on
            days_before.product_key = sold.product_key
            and days_before.branch_key = sold.branch_key
            and days_before.business_date = sold.business_date
    where coalesce(levels_before.stock_quantity > 0, true)
    group by days_before.product_key, days_before.branch_key, days_before.first_date

),

final as (

    select
        levels_in_order.product_key,
        levels_in_order.branch_key,
        levels_in_order.source_system,
        levels_in_order.product_id,
        cast(coalesce(sold.sold_quantity, 0) as numeric(18, 3)) as sold_quantity,
        cast(sold_before.days_in_stock as integer) as days_in_stock_before,
        cast(sold_before.sold_quantity as numeric(18, 3)) as sold_quantity_before,
        cast(sold_before.sold_amount as numeric(18, 2)) as sold_amount_before,
        levels_in_order.is_first_day,
        levels_in_order.business_date
    from levels_in_order
    left join sold
        on
            levels_in_order.product_key = sold.product_key
            and levels_in_order.branch_key = sold.branch_key
            and levels_in_order.business_date = sold.business_date
    left join sold_before
        on
            levels_in_order.product_key = sold_before.product_key
            and levels_in_order.branch_key = sold_before.branch_key
            and levels_in_order.business_date = sold_before.first_date

)

select * from final
