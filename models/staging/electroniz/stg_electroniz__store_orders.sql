with source as (

    select * from {{ source('electroniz', 'electroniz_store_orders') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'electroniz' as source_system,
        'store' as channel,
        {{ identifier('order_number') }} as order_number,
        {{ identifier('customer_id') }} as customer_id,
        {{ identifier('product_id') }} as product_id,
        upper({{ cleaned('order_mode') }}) as order_mode,
        {{ cleaned('order_date') }} as ordered_on_text,
        units as quantity_text,
        sale_price as price_text,
        {{ cleaned('currency') }} as currency_text,
        {{ cleaned('updated_at') }} as changed_at_text,
        _loaded_at as loaded_at
    from source

)

select * from renamed
