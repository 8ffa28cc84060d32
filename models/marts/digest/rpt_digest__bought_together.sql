{{ config(materialized='view') }}

-- By lift: how many times as often as expected by chance.
with pairs as (

    select * from {{ ref('rpt_basket_pairs') }}
    where lift > 1

),

ranked as (

    select
        *,
        row_number() over (
            order by
                lift desc,
                transactions_with_both desc,
                first_product_name asc,
                second_product_name asc,
                first_product_key asc,
                second_product_key asc
        ) as position
    from pairs

),

final as (

    select
        cast(position as integer) as position,
        first_product_key,
        second_product_key,
        source_system,
        first_product_name,
        second_product_name,
        transactions_with_both,
        cast(support_percent as numeric(18, 1)) as support_percent,
        cast(lift as numeric(18, 1)) as lift
    from ranked
    where position <= 3

)

select * from final
