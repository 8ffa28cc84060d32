{# A view of a table that a night updates by month: a night writes nothing for it. #}
{{ config(materialized='view') }}

with product_months as (

    select * from {{ ref('int_product_months__sold') }}

),

returned as (

    select
        *,
        net_amount + returned_amount as sold_amount,
        rank() over (
            partition by branch_key, sales_month order by returned_amount desc
        ) as return_rank,
        sum(returned_amount) over (partition by branch_key, sales_month) as branch_returned_amount
    from product_months
    where returned_quantity <> 0 or returned_amount <> 0

),

final as (

    select
        product_key,
        branch_key,
        source_system,
        product_name,
        branch_name,
        currency_code,
        cast(return_rank as integer) as return_rank,
        returned_quantity,
        cast(net_amount as numeric(18, 2)) as net_sales,
        cast(net_amount_company as numeric(18, 2)) as net_sales_company,
        cast(sold_amount as numeric(18, 2)) as sold_amount,
        cast(returned_amount as numeric(18, 2)) as returned_amount,
        cast(returned_amount_company as numeric(18, 2)) as returned_amount_company,
        {{ ratio('100 * returned_amount', 'greatest(sold_amount, 0)') }} as returned_percent,
        {{ ratio('100 * returned_amount', 'greatest(branch_returned_amount, 0)') }}
            as branch_returned_percent,
        sales_month
    from returned

)

select * from final
