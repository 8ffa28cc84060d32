with sales as (

    select * from {{ ref('stg_sales_desk__sales') }}

),

files as (

    select * from {{ ref('int_files__versioned') }}

),

branches as (

    select * from {{ ref('branches') }}
    where source_system = 'sales_desk'

),

-- A store is known by its number. A store that seeds/branches.csv does not list has the source's or
-- the company's currency and time zone.
final as (

    select
        sales.file_id,
        sales.line_number,
        files.superseded_by_file_id,
        sales.source_system,
        files.logical_file,
        sales.store_id as branch_name,
        sales.customer_id,
        sales.employee_id,
        sales.product_name,
        sales.payment_method,
        sales.sold_on_text,
        sales.unit_price_text,
        sales.quantity_text,
        sales.total_text,
        sales.record_key,
        files.covers,
        files.file_business_date,
        sales.loaded_at,
        coalesce(
            branches.currency_code,
            {{ source_default('currency_code', var('company_currency'), 'sales.source_system') }}
        ) as currency_code,
        coalesce(
            branches.time_zone,
            {{ source_default('time_zone', var('company_time_zone'), 'sales.source_system') }}
        ) as time_zone,
        {{ parse_integer('sales.quantity_text') }} as quantity,
        {{ parse_amount('sales.unit_price_text', scale=4, three_decimals=true) }} as unit_price,
        {{ parse_amount('sales.total_text') }} as total_amount
    from sales
    inner join files on sales.file_id = files.file_id
    left join branches on sales.store_id = branches.branch_name

)

select * from final
