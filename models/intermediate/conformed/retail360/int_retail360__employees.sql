{#
    Each store numbers its own people: the number of a person is the store's folder and the number in its list.
#}
with people as (

    select
        people.file_id,
        people.line_number,
        people.source_system,
        coalesce(people.full_name, people.short_name) as full_name,
        people.loaded_at,
        {{ employee_id_in_store('people.employee_id', 'files.file_branch') }} as employee_id
    from {{ ref('stg_retail360__employeesselection_byentrance') }} as people
    inner join {{ ref('stg_ingest__files') }} as files on people.file_id = files.file_id

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

versions as (

    {{ list_versions('people', 'files', 'employee_id') }}

)

{{ conform(
    'employees',
    from='versions',
    expressions={
        'employee_key': employee_key(),
        'changed_at': "loaded_at at time zone 'UTC'",
    },
    lacks=[
        'first_name', 'last_name', 'manager_id', 'is_manager', 'address', 'postal_code', 'joined_on',
    ]
) }}
