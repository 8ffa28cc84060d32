with stores as (

    select * from {{ ref('stg_sales_desk__stores') }}

),

files as (

    select * from {{ ref('int_files__versioned') }}

),

current_stores as (

    {{ current_rows('stores', 'files', 'store_id') }}

),

final as (

    select
        source_system,
        store_id,
        address,
        postal_code,
        manager_name,
        reviews,
        {{ parse_date('opened_on_text') }} as opened_on,
        cast(loaded_at at time zone 'UTC' as timestamp) as changed_at
    from current_stores

)

select * from final
