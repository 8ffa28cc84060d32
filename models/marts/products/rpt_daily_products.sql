{#
    A view of days that are stored for the months: a night writes nothing for it, and the date is the key's first. The
    rank is within a branch's day, so that a query of a day ranks that day only.
#}
{{ config(materialized='view') }}

with product_days as (

    select * from {{ ref('int_product_days__sold') }}

),

final as (

    select
        product_key,
        branch_key,
        source_system,
        product_id,
        product_name,
        branch_name,
        currency_code,
        cast(
            rank() over (partition by business_date, branch_key order by net_amount desc) as integer
        ) as sales_rank,
        quantity,
        sold_quantity,
        transactions,
        net_amount as net_sales,
        cast(net_amount_company as numeric(18, 2)) as net_sales_company,
        net_amount_company,
        returned_quantity,
        returned_amount,
        is_rate_estimated,
        business_date
    from product_days

)

select * from final
