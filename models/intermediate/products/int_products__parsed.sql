with product_months as (

    select * from {{ ref('int_product_months__sold') }}

),

products as (

    select
        product_key,
        source_system,
        product_name,
        min(first_sold_date) as first_sold_date,
        max(last_sold_date) as last_sold_date
    from product_months
    group by product_key, source_system, product_name

),

-- The first word is the size where it is one of the two sizes.
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
        product_key,
        source_system,
        product_name,
        size,
        trim({{ dbt.split_part('name_without_size', "' - '", 1) }}) as base_name,
        case
            when {{ dbt.position("' - '", 'name_without_size') }} > 0
                then trim(substr(
                    name_without_size, {{ dbt.position("' - '", 'name_without_size') }} + 3
                ))
        end as flavour,
        first_sold_date,
        last_sold_date
    from unsized

)

select * from final
