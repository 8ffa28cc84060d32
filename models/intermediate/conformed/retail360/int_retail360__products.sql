{#
    Items are the chain's: an item in the lists of several stores is one product, of which the first store by name
    counts, so that prices do not alternate between stores. Lines of superseded versions are apart from the current
    ones, because lists have many versions, and nearly every query is about the current one.
#}
with files as (

    select * from {{ ref('stg_ingest__files') }}
    where feed in ('retail360_items', 'retail360_itemtypes') and status in ('loaded', 'superseded')

),

current_items as (

    select
        items.*,
        files.file_branch,
        files.superseded_by_file_id
    from {{ ref('stg_retail360__items') }} as items
    inner join files on items.file_id = files.file_id
    where files.status = 'loaded'
    {{ evaluate_once() }}

),

former_items as (

    select
        items.*,
        files.file_branch,
        files.superseded_by_file_id
    from {{ ref('stg_retail360__items') }} as items
    inner join files on items.file_id = files.file_id
    where files.status = 'superseded'

),

item_types as (

    select
        item_types.product_type_id,
        item_types.category,
        files.file_branch,
        row_number() over (
            partition by item_types.product_type_id, files.file_branch
            order by item_types.file_id desc, item_types.line_number desc
        ) as place
    from {{ ref('stg_retail360__itemtypes') }} as item_types
    inner join files on item_types.file_id = files.file_id
    where files.status = 'loaded'

),

versions as (

    select
        current_items.*,
        row_number() over (
            partition by current_items.product_id
            order by
                current_items.file_branch asc nulls first,
                current_items.file_id desc,
                current_items.line_number desc
        ) = 1 as is_current
    from current_items
    where current_items.product_id is not null
    union all
    select
        former_items.*,
        false as is_current
    from former_items
    where former_items.product_id is not null

),

priced as (

    select
        versions.*,
        item_types.category,
        {{ parse_amount('versions.list_price_text', scale=4, decimal='.') }} as stated_price,
        {{ parse_amount('versions.unit_cost_text', scale=4, decimal='.') }} as stated_cost
    from versions
    left join item_types
        on
            versions.product_type_id = item_types.product_type_id
            and coalesce(versions.file_branch, '') = coalesce(item_types.file_branch, '')
            and item_types.place = 1

)

-- Lines refer to a product by its number. A price or cost of 0 is one that the till does not have.
{{ conform(
    'products',
    from='priced',
    expressions={
        'change_id': 'coalesce(superseded_by_file_id, file_id)',
        'product_key': product_key(product_id='product_id'),
        'product_name': 'coalesce(product_name, product_id)',
        'list_price': 'case when stated_price > 0 then stated_price end',
        'unit_cost': 'case when stated_cost > 0 then stated_cost end',
        'is_available':
            'case when list_price_text is null or stated_price = 0 then false when stated_price > 0 then true end',
        'changed_at': "loaded_at at time zone 'UTC'",
    },
    lacks=['former_list_price', 'listed_on', 'updated_on', 'expires_on'],
    adds=['category']
) }}
