{# Full refresh every run: it has only as many rows as products and months. #}
with product_months as (

    select * from {{ ref('int_product_months__sold') }}

),

-- Rounded here, so that ranks, shares and changes are those of the amounts that are shown.
months as (

    select
        product_key,
        source_system,
        max(product_name) as product_name,
        {{ company_currency() }} as currency_code,
        cast(count(*) as integer) as branches,
        cast(sum(transactions_without_rate) as bigint) as transactions_without_rate,
        cast(sum(transactions_at_estimated_rate) as bigint) as transactions_at_estimated_rate,
        sum(quantity) as quantity,
        cast(
            coalesce(sum(quantity) filter (where net_amount_company is null), 0) as bigint
        ) as quantity_without_rate,
        sum(transactions) as transactions,
        cast(sum(net_amount_company) as numeric(18, 2)) as net_sales,
        sum(net_amount_company) as net_amount_company,
        sum(returned_quantity) as returned_quantity,
        sum(returned_amount_company) as returned_amount,
        sales_month
    from product_months
    group by product_key, source_system, sales_month

),

ranked as (

    {{ ranked_product_months('months', 'currency_code') }}

),

final as (

    {{ compared_product_months(
        'ranked',
        within='currency_code',
        columns=[
            'product_key',
            'source_system',
            'product_name',
            'currency_code',
            'branches',
            'transactions_without_rate',
            'transactions_at_estimated_rate',
            'quantity_without_rate',
        ],
        share='company_sales_percent',
        priced='quantity - quantity_without_rate',
    ) }}

)

select * from final
