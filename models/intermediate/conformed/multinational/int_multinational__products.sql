with products as (

    select * from {{ ref('stg_multinational__products') }}
    where noise is null

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
        {{ parse_amount('price_text', scale=4, three_decimals=true) }} as price,
        {{ names_another_currency('price_text', "'GBP'") }} as is_in_other_money
    from versions
    {{ evaluate_once() }}

)

-- Orders refer to a product by its code. A price is in pounds; a negative one is invalid.
{{ conform(
    'products',
    from='priced',
    expressions={
        'product_key': product_key(product_id='product_id'),
        'product_name': 'coalesce(product_name, product_id)',
        'list_price': 'case when price >= 0 and not is_in_other_money then price end',
        'listed_on': parse_date('listed_on_text'),
        'weight_kg': weight_in_kg('weight_text'),
        'is_available':
            "case when removed_text ilike 'still%' then true when removed_text ilike 'removed' then false end",
        'changed_at': "loaded_at at time zone 'UTC'",
    },
    lacks=['former_list_price', 'updated_on', 'expires_on'],
    adds=['category', 'ean']
) }}
