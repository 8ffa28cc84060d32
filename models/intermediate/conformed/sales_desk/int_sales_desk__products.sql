with products as (

    select * from {{ ref('stg_sales_desk__products') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

versions as (

    {{ list_versions('products', 'files', 'product_id') }}

),

priced as (

    select
        *,
        {{ parse_amount('current_price_text', scale=4, three_decimals=true) }} as current_price,
        {{ parse_amount('old_price_text', scale=4, three_decimals=true) }} as old_price
    from versions

)

-- Sales refer to a product by its name. A negative price is invalid.
{{ conform(
    'products',
    from='priced',
    expressions={
        'product_key': product_key(),
        'list_price': 'case when current_price >= 0 then current_price end',
        'former_list_price': 'case when old_price >= 0 then old_price end',
        'listed_on': parse_date('created_on_text'),
        'updated_on': parse_date('updated_on_text'),
        'expires_on': parse_date('expires_on_text'),
        'changed_at': "loaded_at at time zone 'UTC'",
    }
) }}
