with source as (

    select * from {{ source('retail360', 'retail360_documents') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'retail360' as source_system,
        {{ identifier('document_id') }} as document_number,
        {{ identifier('documenttype') }} as document_type_text,
        {{ identifier('recordingdate') }} as business_date_text,
        {{ identifier('referencedate') }} as referenced_date_text,
        {{ identifier('valuedate') }} as value_date_text,
        {{ identifier('printtime') }} as printed_at_seconds_text,
        {{ cleaned('generaltotalincludevat') }} as total_text,
        {{ cleaned('totalitems') }} as item_count_text,
        {{ identifier('lastline') }} as line_count_text,
        {{ cleaned('details') }} as details,
        {{ identifier('isprinted') }} as is_printed_text,
        {{ identifier('s__sequence') }} as sequence_text,
        _loaded_at as loaded_at
    from source

),

-- Of one store: each has numbers of its own.
keyed as (

    select
        *,
        case
            when document_number is not null
                then {{ dbt_utils.generate_surrogate_key(['document_number']) }}
        end as record_key
    from renamed

)

select * from keyed
