{# Full refresh every run: it has only as many rows as categories and quarters. #}
with product_months as (

    select * from {{ ref('rpt_company_products') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

categorized as (

    select
        product_months.product_key,
        coalesce(products.category, 'unknown') as category,
        product_months.currency_code,
        product_months.quantity,
        product_months.quantity_without_rate,
        product_months.net_amount_company,
        product_months.returned_quantity,
        product_months.transactions_at_estimated_rate > 0 as is_rate_estimated,
        cast({{ dbt.date_trunc('quarter', 'product_months.sales_month') }} as date)
            as quarter_start_date
    from product_months
    left join products on product_months.product_key = products.product_key

),

quarters as (

    select
        category,
        currency_code,
        count(distinct product_key) as products,
        sum(quantity) as quantity,
        sum(quantity_without_rate) as quantity_without_rate,
        sum(net_amount_company) as net_sales,
        sum(returned_quantity) as returned_quantity,
        {{ dbt.bool_or('is_rate_estimated') }} as has_estimated_rates,
        quarter_start_date
    from categorized
    group by category, currency_code, quarter_start_date

),

final as (

    select
        {{ short_key('category') }} as category_key,
        category,
        cast(extract(year from quarter_start_date) as integer) as year_number,
        cast(extract(quarter from quarter_start_date) as integer) as quarter_number,
        currency_code,
        cast(
            rank() over (
                partition by quarter_start_date order by round(net_sales, 2) desc nulls last
            ) as integer
        ) as sales_rank,
        cast(products as integer) as products,
        cast(quantity as bigint) as quantity,
        cast(quantity_without_rate as bigint) as quantity_without_rate,
        cast(net_sales as numeric(18, 2)) as net_sales,
        cast(net_sales as numeric(18, 2)) as net_sales_company,
        {{ ratio(
            '100 * net_sales',
            'greatest(sum(net_sales) over (partition by quarter_start_date), 0)'
        ) }} as sales_share_percent,
        cast(returned_quantity as bigint) as returned_quantity,
        has_estimated_rates,
        quarter_start_date
    from quarters

)

select * from final
