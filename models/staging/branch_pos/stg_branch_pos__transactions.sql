with source as (

    select * from {{ source('branch_pos', 'branch_pos_transactions') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'branch_pos' as source_system,
        transaction_timestamp as sold_at_text,
        {{ identifier('branch') }} as branch_name,
        {{ cleaned('customer_name') }} as customer_name,
        {{ plain_text('basket', line_breaks=true) }} as basket_text,
        total as total_text,
        upper({{ cleaned('payment_method') }}) as payment_method,
        card_token,
        card_last4,
        {{ cleaned('card_unreadable') }} as card_unreadable,
        {{ record_key() }} as record_key,
        _loaded_at as loaded_at
    from source

)

select * from renamed
