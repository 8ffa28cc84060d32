with stores as (

    select * from {{ ref('stg_sales_desk__stores') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

versions as (

    {{ list_versions('stores', 'files', 'store_id') }}

)

-- A store is named by its number; its region is its address.
{{ conform(
    'branches',
    from='versions',
    expressions={
        'branch_name': 'store_id',
        'region': 'address',
        'opening_date': parse_date('opened_on_text'),
    }
) }}
