with source as (

    select * from {{ source('multinational', 'multinational_cards') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'multinational' as source_system,
        card_token,
        card_last4,
        {{ cleaned('card_unreadable') }} as card_unreadable,
        {{ cleaned('expiry_date') }} as expiry_text,
        {{ cleaned('card_provider') }} as card_provider,
        {{ cleaned('date_payment_confirmed') }} as confirmed_on_text,
        _loaded_at as loaded_at
    from source

),

judged as (

    select
        *,
        {{ line_noise([
            'card_token', 'card_unreadable', 'expiry_text', 'card_provider',
            'confirmed_on_text',
        ]) }} as noise
    from renamed

)

select * from judged
