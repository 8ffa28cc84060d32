{#
    Incremental because a list has many versions. Orders have no price: they are worth what the product list says, and
    the file that changed a price is the one that changed its orders.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['product_code_key', 'valid_from_file_id'],
        meta={'feed': 'multinational_products'},
        on_schema_change='fail',
    )
}}

with products as (

    select
        *,
        {{ short_key('product_id') }} as product_code_key
    from {{ ref('stg_multinational__products') }}
    where noise is null

),

{{ list_history('products', 'product_code_key', ['product_name', 'price_text']) }}
