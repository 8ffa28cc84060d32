{# Full refresh every run: it has only as many rows as products and months. #}
with product_months as (

    select * from {{ ref('int_product_months__sold') }}

),

months as (

    select
        product_key,
        source_system,
        max(product_name) as product_name,
        currency_code,
        cast(count(*) as integer) as branches,
        sum(quantity) as quantity,
        sum(transactions) as transactions,
        sum(net_amount) as net_sales,
        sum(returned_quantity) as returned_quantity,
        sum(returned_amount) as returned_amount,
        sales_month
    from product_months
    group by product_key, source_system, currency_code, sales_month

),

ranked as (

    {{ ranked_product_months('months', 'currency_code') }}

),

final as (

    {{ compared_product_months(
        'ranked',
        within='currency_code',
        columns=['product_key', 'source_system', 'product_name', 'currency_code', 'branches'],
        share='company_sales_percent',
    ) }}

)

select * from final
