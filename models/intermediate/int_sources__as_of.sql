{#
    Kept in place, so that the views upon it stay where they are. Read from the months of the products,
    because they are few, and no receipt is without an item.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key='source_system',
        on_schema_change='fail',
        post_hook="{{ advance_high_water_mark(after=['int_product_months__sold']) }}",
    )
}}

with product_months as (

    select * from {{ ref('int_product_months__sold') }}

),

final as (

    select
        source_system,
        max(last_sold_date) as as_of_date
    from product_months
    group by source_system

)

select * from final
