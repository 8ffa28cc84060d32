with source as (

    select * from {{ source('retail360', 'retail360_employeesattendance') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'retail360' as source_system,
        {{ identifier('emplyee_id') }} as employee_id,
        {{ identifier('datesetting') }} as business_date_text,
        {{ identifier('hourtime') }} as punched_at_seconds_text,
        {{ identifier('movementtype') }} as movement_type_text,
        {{ identifier('attendancerecordingtype') }} as recording_type_text,
        {{ cleaned('mark') }} as mark_text,
        {{ identifier('exceeded') }} as exceeded_text,
        {{ cleaned('update_datetime') }} as changed_at_text,
        {{ identifier('s__sequence') }} as sequence_text,
        _loaded_at as loaded_at
    from source

),

-- Of one store. Two punches may have one number: person, time and movement tell them apart.
keyed as (

    select
        *,
        case
            when sequence_text is not null
                then {{ dbt_utils.generate_surrogate_key([
                    'sequence_text',
                    'employee_id',
                    'business_date_text',
                    'punched_at_seconds_text',
                    'movement_type_text',
                ]) }}
        end as record_key
    from renamed

)

select * from keyed
