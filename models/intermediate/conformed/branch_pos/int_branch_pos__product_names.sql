{# Parses the tills' product names: "Large Mocha - Mint" is size, product and flavour. #}
with products as (

    select * from {{ ref('int_products__sold') }}
    where source_system = 'branch_pos'

),

-- The first word is the size if it is one of the two sizes.
sized as (

    select
        *,
        case
            when product_name like 'Regular %' then 'Regular'
            when product_name like 'Large %' then 'Large'
        end as size
    from products

),

unsized as (

    select
        *,
        case
            when size is null then product_name
            else trim(substr(product_name, length(size) + 2))
        end as name_without_size
    from sized

),

-- What follows the first ' - ' is the flavour.
final as (

    select
        source_system,
        product_key,
        size,
        trim({{ dbt.split_part('name_without_size', "' - '", 1) }}) as base_name,
        case
            when {{ dbt.position("' - '", 'name_without_size') }} > 0
                then trim(substr(
                    name_without_size, {{ dbt.position("' - '", 'name_without_size') }} + 3
                ))
        end as flavour
    from unsized

)

{{ conform('product_names', from='final') }}
