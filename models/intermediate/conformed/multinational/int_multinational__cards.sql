with cards as (

    select * from {{ ref('stg_multinational__cards') }}
    where noise is null

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

versions as (

    {{ list_versions('cards', 'files', 'card_token') }}

)

{{ conform(
    'cards',
    from='versions',
    expressions={
        'expiry_month': month_of_expiry('expiry_text'),
        'confirmed_on': parse_date('confirmed_on_text'),
        'changed_at': "loaded_at at time zone 'UTC'",
    }
) }}
