{#
    A product known by its id may be sold under several names: the latest month's name counts; ties go to the last in
    alphabetical order.
#}
with product_months as (

    select * from {{ ref('int_product_months__sold') }}

),

products as (

    select
        product_key,
        source_system,
        min(first_sold_date) as first_sold_date,
        max(last_sold_date) as last_sold_date,
        max(sales_month) as last_sales_month
    from product_months
    group by product_key, source_system

),

-- Branches sell it in its latest month: they are few, and months are many.
last_months as (

    select
        product_months.product_key,
        product_months.product_id,
        product_months.product_name,
        row_number() over (
            partition by product_months.product_key order by product_months.product_name desc
        ) as place
    from product_months
    inner join products
        on
            product_months.product_key = products.product_key
            and product_months.sales_month = products.last_sales_month

),

final as (

    select
        products.product_key,
        products.source_system,
        last_months.product_id,
        last_months.product_name,
        products.first_sold_date,
        products.last_sold_date
    from products
    inner join last_months on products.product_key = last_months.product_key
    where last_months.place = 1

)

select * from final
