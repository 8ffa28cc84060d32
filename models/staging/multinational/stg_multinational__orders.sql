with source as (

    select * from {{ source('multinational', 'multinational_orders') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'multinational' as source_system,
        lower({{ identifier('date_uuid') }}) as date_event_id,
        lower({{ identifier('user_uuid') }}) as customer_id,
        {{ cleaned('first_name', keep=['Null']) }} as first_name,
        {{ cleaned('last_name', keep=['Null']) }} as last_name,
        {{ identifier('store_code') }} as store_code,
        {{ identifier('product_code') }} as product_id,
        product_quantity as quantity_text,
        card_token,
        card_last4,
        -- A snapshot has no record key of the feed's own, but the table numbers its rows.
        coalesce(
            {{ record_key() }},
            case
                when date_uuid is not null and coalesce(level_0, index) is not null
                    then {{ dbt_utils.generate_surrogate_key(['level_0', 'index', 'date_uuid']) }}
            end
        ) as record_key,
        _loaded_at as loaded_at
    from source

)

select * from renamed
