with customer_lines as (

    select * from {{ ref('int_electroniz__customer_lines') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

versions as (

    {{ list_versions(
        'customer_lines', 'files', 'customer_id', changed_at='customer_lines.updated_at'
    ) }}

)

{{ conform(
    'customers',
    from='versions',
    expressions={'changed_at': "loaded_at at time zone 'UTC'"},
    lacks=['first_name', 'last_name', 'joined_on'],
    adds=['country_code', 'phone_extension']
) }}
