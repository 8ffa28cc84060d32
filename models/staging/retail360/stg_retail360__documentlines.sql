with source as (

    select * from {{ source('retail360', 'retail360_documentlines') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'retail360' as source_system,
        {{ identifier('document_id') }} as document_number,
        {{ identifier('line_id') }} as document_line_text,
        {{ identifier('documenttype') }} as document_type_text,
        {{ identifier('datesetting') }} as business_date_text,
        {{ identifier('item_id') }} as product_id,
        {{ cleaned('details') }} as product_name,
        {{ cleaned('unitpricevatincluded') }} as unit_price_text,
        {{ cleaned('itemsqty') }} as quantity_text,
        {{ cleaned('linediscount') }} as discount_text,
        {{ cleaned('totalperline_incvat') }} as total_text,
        {{ identifier('s__sequence') }} as sequence_text,
        _loaded_at as loaded_at
    from source

),

-- Of one store: each has numbers of its own.
keyed as (

    select
        *,
        case
            when document_number is not null and document_line_text is not null
                then {{ dbt_utils.generate_surrogate_key([
                    'document_number', 'document_line_text',
                ]) }}
        end as record_key
    from renamed

)

select * from keyed
