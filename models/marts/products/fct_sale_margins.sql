{{ config(materialized='view') }}

with sales as (

    select * from {{ ref('fct_sales') }}

),

costs as (

    select * from {{ ref('dim_product_costs') }}

),

-- Without them PostgreSQL reads no sale.
costed_sources as (

    select distinct source_system from costs

),

costed_sales as (

    select
        sales.*,
        costs.unit_cost,
        cast(costs.unit_cost * sales.measured_quantity as numeric(18, 2)) as cost,
        coalesce(costs.is_assumed, false) as is_cost_assumed
    from sales
    inner join costed_sources on sales.source_system = costed_sources.source_system
    left join costs
        on
            sales.product_key = costs.product_key
            and {{ valid_on('costs', 'sales.sold_at') }}

),

final as (

    select
        transaction_id,
        line_number,
        source_system,
        branch_key,
        product_key,
        product_id,
        product_name,
        currency_code,
        quantity,
        measured_quantity,
        net_amount,
        net_of_vat_amount,
        net_amount_company,
        unit_cost,
        cost,
        cast(net_of_vat_amount - cost as numeric(18, 2)) as margin,
        is_return,
        is_cost_assumed,
        is_rate_estimated,
        business_date,
        sold_at
    from costed_sales

)

select * from final
