{#
    A product known by its id may be sold under several names: the latest month's name counts; ties go to the last in
    alphabetical order.
#}
with product_months as (

    select * from {{ ref('int_product_months__sold') }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by product_key order by sales_month desc, product_name desc
        ) as month_number
    from product_months

),

final as (

    select
        product_key,
        source_system,
        max(case when month_number = 1 then product_id end) as product_id,
        max(case when month_number = 1 then product_name end) as product_name,
        min(first_sold_date) as first_sold_date,
        max(last_sold_date) as last_sold_date
    from numbered
    group by product_key, source_system

)

select * from final
