with listed_products as (

    select * from {{ ref('int_products__history') }}

),

-- Snapshot rows older than the key column are of a source whose sales name the product. Negative
-- prices are ignored, also in old snapshot rows.
versions as (

    select
        coalesce(product_key, {{ product_key() }}) as product_key,
        source_system,
        product_name,
        product_id,
        length(product_id) as product_id_length,
        list_price,
        coalesce(listed_on, cast('0001-01-01' as date)) as listed_on,
        updated_on,
        dbt_valid_from as version_start,
        dbt_valid_to as version_end
    from listed_products
    where product_name is not null and list_price >= 0

),

-- Of two products with one name the newer counts, as in dim_products.
{{ validity_ranges(
    key=['product_key', 'source_system'],
    values=['product_name', 'list_price'],
    prefer=['listed_on desc', 'product_id_length desc', 'product_id desc'],
    changed_on='updated_on',
) }}

final as (

    select
        product_key,
        source_system,
        product_name,
        list_price,
        is_current,
        valid_from,
        valid_to
    from ranges

)

select * from final
