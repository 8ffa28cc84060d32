with products as (

    select * from {{ ref('int_products__sold') }}

),

product_names as (

    select * from {{ ref('int_product_names__taken_apart') }}

),

-- Where sales refer to products by name, several listed products may have one key. The newest
-- counts; on the same day, the highest number.
listed_products as (

    select distinct on (product_key)
        product_key,
        source_system,
        product_name,
        product_id,
        category,
        ean,
        list_price,
        weight_kg,
        is_available,
        listed_on,
        expires_on
    from {{ ref('int_products__listed_everywhere') }}
    where is_current and product_name is not null
    order by
        product_key asc,
        listed_on desc nulls last,
        length(product_id) desc,
        product_id desc

),

-- Of every list that counts in the history of the stock.
stocked_products as (

    select
        product_key,
        source_system,
        max(product_id) as product_id
    from {{ ref('int_stock_levels__daily') }}
    group by product_key, source_system

),

-- The list's name is the product's, if it has one; receipts may shorten it.
known_products as (

    select
        coalesce(products.product_key, listed_products.product_key, stocked_products.product_key)
            as product_key,
        coalesce(
            products.source_system, listed_products.source_system, stocked_products.source_system
        ) as source_system,
        coalesce(
            nullif(listed_products.product_name, listed_products.product_id),
            products.product_name,
            listed_products.product_name,
            stocked_products.product_id
        ) as product_name,
        coalesce(listed_products.product_id, products.product_id, stocked_products.product_id)
            as product_id,
        listed_products.category,
        listed_products.ean,
        listed_products.list_price,
        listed_products.weight_kg,
        listed_products.is_available,
        listed_products.product_key is null as is_inferred,
        listed_products.listed_on,
        listed_products.expires_on,
        products.first_sold_date,
        products.last_sold_date
    from products
    full outer join listed_products on products.product_key = listed_products.product_key
    full outer join stocked_products
        on
            coalesce(products.product_key, listed_products.product_key)
            = stocked_products.product_key

),

-- In a source without a product list every product is inferred from its sales.
final as (

    select
        known_products.product_key,
        known_products.source_system,
        known_products.product_name,
        known_products.product_id,
        product_names.size,
        coalesce(product_names.base_name, known_products.product_name) as base_name,
        product_names.flavour,
        known_products.category,
        known_products.ean,
        known_products.list_price,
        known_products.weight_kg,
        known_products.is_available,
        known_products.is_inferred,
        known_products.listed_on,
        known_products.expires_on,
        known_products.first_sold_date,
        known_products.last_sold_date
    from known_products
    left join product_names on known_products.product_key = product_names.product_key

)

select * from final
