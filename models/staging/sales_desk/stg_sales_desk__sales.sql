with source as (

    select * from {{ source('sales_desk', 'sales_desk_sales') }}

),

renamed as (

    select
        _file_id as file_id,
        _line_number as line_number,
        'sales_desk' as source_system,
        {{ identifier('customer_id') }} as customer_id,
        {{ identifier('store_id') }} as store_id,
        {{ identifier('sales_person_id') }} as employee_id,
        {{ cleaned('product_name') }} as product_name,
        upper({{ cleaned('payment_mode') }}) as payment_method,
        sales_date as sold_on_text,
        price as unit_price_text,
        quantity as quantity_text,
        total_cost as total_text,
        {{ record_key() }} as record_key,
        _loaded_at as loaded_at
    from source

)

select * from renamed
