with customers as (

    select * from {{ ref('stg_sales_desk__customers') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

versions as (

    {{ list_versions('customers', 'files', 'customer_id') }}

)

{{ conform(
    'customers',
    from='versions',
    expressions={
        'customer_key': customer_key("'number'", 'customer_id'),
        'full_name': "nullif(concat_ws(' ', first_name, last_name), '')",
        'joined_on': parse_date('joined_on_text'),
        'changed_at': "loaded_at at time zone 'UTC'",
    }
) }}
