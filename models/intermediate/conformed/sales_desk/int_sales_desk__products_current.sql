with products as (

    select * from {{ ref('stg_sales_desk__products') }}

),

files as (

    select * from {{ ref('int_files__versioned') }}

),

current_products as (

    {{ current_rows('products', 'files', 'product_id') }}

),

priced as (

    select
        *,
        {{ parse_amount('current_price_text', scale=4) }} as current_price,
        {{ parse_amount('old_price_text', scale=4) }} as old_price
    from current_products

),

-- Less than nothing is no price.
final as (

    select
        source_system,
        product_id,
        product_name,
        cast(case when current_price >= 0 then current_price end as numeric(18, 4)) as list_price,
        cast(case when old_price >= 0 then old_price end as numeric(18, 4)) as former_list_price,
        {{ parse_date('created_on_text') }} as listed_on,
        {{ parse_date('updated_on_text') }} as updated_on,
        {{ parse_date('expires_on_text') }} as expires_on,
        cast(loaded_at at time zone 'UTC' as timestamp) as changed_at
    from priced

)

select * from final
