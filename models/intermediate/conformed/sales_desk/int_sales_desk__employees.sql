with employees as (

    select * from {{ ref('stg_sales_desk__employees') }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

versions as (

    {{ list_versions('employees', 'files', 'employee_id') }}

)

{{ conform(
    'employees',
    from='versions',
    expressions={
        'employee_key': employee_key(),
        'full_name': "nullif(concat_ws(' ', first_name, last_name), '')",
        'is_manager': 'coalesce(is_manager, false)',
        'joined_on': parse_date('joined_on_text'),
        'changed_at': "loaded_at at time zone 'UTC'",
    }
) }}
