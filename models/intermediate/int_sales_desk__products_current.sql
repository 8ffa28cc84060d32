with products as (

    select * from {{ ref('stg_sales_desk__products') }}

),

files as (

    select * from {{ ref('int_files__versioned') }}

),

current_products as (

    {{ current_rows('products', 'files', 'product_id') }}

),

final as (

    select
        source_system,
        product_id,
        product_name,
        cast({{ parse_amount('current_price_text', scale=4) }} as numeric(18, 4)) as list_price,
        cast({{ parse_amount('old_price_text', scale=4) }} as numeric(18, 4)) as former_list_price,
        {{ parse_date('created_on_text') }} as listed_on,
        {{ parse_date('updated_on_text') }} as updated_on,
        {{ parse_date('expires_on_text') }} as expires_on,
        cast(loaded_at at time zone 'UTC' as timestamp) as changed_at
    from current_products

)

select * from final
