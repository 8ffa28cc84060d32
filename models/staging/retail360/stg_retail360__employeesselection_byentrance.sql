with source as (

    select * from {{ source('retail360', 'retail360_employeesselection_byentrance') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'retail360' as source_system,
        {{ identifier('emplyeenumber') }} as employee_id,
        {{ cleaned('shortname') }} as short_name,
        {{ cleaned('longname') }} as full_name,
        _loaded_at as loaded_at
    from source

)

select * from renamed
