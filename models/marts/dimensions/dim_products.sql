with products as (

    select * from {{ ref('int_products__parsed') }}

),

-- The tills keep no product list: every product is inferred from its sales.
final as (

    select
        product_key,
        source_system,
        product_name,
        size,
        base_name,
        flavour,
        true as is_inferred,
        first_sold_date,
        last_sold_date
    from products

)

select * from final
