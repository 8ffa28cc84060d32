with products as (

    select
        *,
        {{ parse_moment('changed_at_text', "'UTC'") }} as updated_at
    from {{ ref('stg_electroniz__products') }}
    {{ evaluate_once() }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

versions as (

    {{ list_versions('products', 'files', 'product_id', changed_at='products.updated_at') }}

)

-- Orders of the stores refer to a product by its code.
{{ conform(
    'products',
    from='versions',
    expressions={
        'product_key': product_key(product_id='product_id'),
        'product_name': 'coalesce(product_name, product_id)',
        'updated_on': 'updated_at',
        'changed_at': "loaded_at at time zone 'UTC'",
    },
    lacks=['list_price', 'former_list_price', 'listed_on', 'expires_on'],
    adds=['category']
) }}
