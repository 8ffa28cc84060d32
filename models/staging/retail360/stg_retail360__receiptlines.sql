with source as (

    select * from {{ source('retail360', 'retail360_receiptlines') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'retail360' as source_system,
        {{ identifier('receipt_id') }} as document_number,
        {{ identifier('paymenttype') }} as payment_type_text,
        {{ identifier('creditcardtype') }} as card_type_id,
        {{ identifier('accountnumber_moreinfo') }} as settlement_text,
        {{ identifier('recordingdate') }} as business_date_text,
        {{ identifier('paymentdate') }} as paid_on_text,
        {{ cleaned('systemcurrencyamount') }} as amount_text,
        {{ identifier('numberofpayments') }} as instalments_text,
        {{ cleaned('firstpayment_total') }} as first_instalment_text,
        {{ identifier('s__sequence') }} as sequence_text,
        _loaded_at as loaded_at
    from source

),

-- Of one store. The table has no other key than the order of writing.
keyed as (

    select
        *,
        case
            when sequence_text is not null
                then {{ dbt_utils.generate_surrogate_key(['sequence_text']) }}
        end as record_key
    from renamed

)

select * from keyed
