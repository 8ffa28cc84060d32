{{ config(materialized='view') }}

with costs as (

    select * from {{ ref('int_product_costs__ranges') }}

),

final as (

    select
        product_key,
        source_system,
        unit_cost,
        is_assumed,
        valid_to = max(valid_to) over (partition by product_key) as is_current,
        valid_from,
        valid_to
    from costs

)

select * from final
