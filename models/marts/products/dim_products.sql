with products as (

    select * from {{ ref('int_products__parsed') }}

),

-- Sales refer to a product by its name. Of two products of one name the newer counts, of two
-- of one day the higher number.
listed_products as (

    select distinct on (source_system, product_name)
        source_system,
        product_name,
        product_id,
        list_price,
        listed_on,
        expires_on
    from {{ ref('int_sales_desk__products_current') }}
    where product_name is not null
    order by
        source_system asc,
        product_name asc,
        listed_on desc nulls last,
        length(product_id) desc,
        product_id desc

),

-- The tills keep no product list: every product of theirs is inferred from its sales.
final as (

    select
        coalesce(
            products.product_key,
            {{ dbt_utils.generate_surrogate_key([
                'listed_products.source_system', 'listed_products.product_name'
            ]) }}
        ) as product_key,
        coalesce(products.source_system, listed_products.source_system) as source_system,
        coalesce(products.product_name, listed_products.product_name) as product_name,
        listed_products.product_id,
        products.size,
        coalesce(products.base_name, listed_products.product_name) as base_name,
        products.flavour,
        listed_products.list_price,
        listed_products.product_name is null as is_inferred,
        listed_products.listed_on,
        listed_products.expires_on,
        products.first_sold_date,
        products.last_sold_date
    from products
    full outer join listed_products
        on
            products.source_system = listed_products.source_system
            and products.product_name = listed_products.product_name

)

select * from final
