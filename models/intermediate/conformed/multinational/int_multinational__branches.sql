with stores as (

    select * from {{ ref('stg_multinational__stores') }}
    where noise is null

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

versions as (

    {{ list_versions('stores', 'files', 'store_code') }}

),

located as (

    select
        *,
        {{ parse_amount('latitude_text', scale=6, decimal='.') }} as stated_latitude,
        {{ parse_amount('longitude_text', scale=6, decimal='.') }} as stated_longitude
    from versions
    {{ evaluate_once() }}

)

-- A store is named by its code, which also says whether it is the web shop.
{{ conform(
    'branches',
    from='located',
    expressions={
        'branch_name': 'store_code',
        'region': continent_name('continent_text'),
        'opening_date': parse_date('opened_on_text'),
        'country_code': country_code('country_code_text'),
        'continent': continent_name('continent_text'),
        'channel': "case when store_code ilike 'WEB-%' then 'online' else 'store' end",
        'staff_count': digits_of('staff_numbers_text'),
        'latitude': 'case when abs(stated_latitude) <= 90 then stated_latitude end',
        'longitude': 'case when abs(stated_longitude) <= 180 then stated_longitude end',
    },
    adds=['store_type', 'locality']
) }}
