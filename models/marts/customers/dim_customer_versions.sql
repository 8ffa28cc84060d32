with listed_customers as (

    select * from {{ ref('int_customers__history') }}

),

versions as (

    select
        {{ customer_key("'number'", 'customer_id') }} as customer_key,
        source_system,
        customer_id,
        full_name as customer_name,
        address,
        postal_code,
        phone_number,
        dbt_valid_from as version_start,
        dbt_valid_to as version_end
    from listed_customers

),

{{ validity_ranges(
    key=['customer_key', 'source_system', 'customer_id'],
    values=['customer_name', 'address', 'postal_code', 'phone_number'],
    prefer=[],
) }}

final as (

    select
        customer_key,
        source_system,
        customer_id,
        customer_name,
        address,
        postal_code,
        phone_number,
        is_current,
        valid_from,
        valid_to
    from ranges

)

select * from final
