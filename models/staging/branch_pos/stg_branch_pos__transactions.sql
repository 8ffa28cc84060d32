with source as (

    select * from {{ source('branch_pos', 'branch_pos_transactions') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'branch_pos' as source_system,
        transaction_timestamp as sold_at_text,
        nullif(trim({{ plain_spaces('branch') }}), '') as branch_name,
        nullif(trim({{ plain_spaces('customer_name') }}), '') as customer_name,
        {{ plain_spaces('basket', line_breaks=true) }} as basket_text,
        total as total_text,
        nullif(upper(trim({{ plain_spaces('payment_method') }})), '') as payment_method,
        card_token,
        card_last4,
        card_unreadable,
        {{ record_key() }} as record_key,
        _loaded_at as loaded_at
    from source

)

select * from renamed
