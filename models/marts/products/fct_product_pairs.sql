{#
    Incremental by source system and week. By branch or day there would be nearly as many rows as pairs on the
    receipts; by month a night would recount four times as much.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['source_system', 'sales_week'],
        meta={'touched_by': 'source_week'},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('source_week') %}

with sales as (

    {% if is_incremental() -%}
    {{ look_up(
        ref('fct_sales'),
        touched,
        'found.source_system = wanted.source_system'
        ' and found.business_date >= wanted.sales_week'
        ' and found.business_date < cast('
        ~ dbt.dateadd('day', 7, 'wanted.sales_week') ~ ' as date)'
    ) }}
    {%- else -%}
    select * from {{ ref('fct_sales') }}
    {%- endif %}

),

-- Without returns: a sales desk writes them with a negative quantity, a till with a negative price.
-- Pairs grow with the square of a receipt's lines, so the longest receipts are left out.
items as (

    select * from sales
    where
        quantity > 0
        and unit_price >= 0
        and receipt_lines <= {{ var('basket_pair_max_lines') }}

),

-- A product counts once per receipt. Keys are hashes, without spaces.
receipts as (

    select
        min(source_system) as source_system,
        {{ dbt.listagg('distinct product_key', "' '", 'order by product_key') }} as product_keys,
        cast({{ dbt.date_trunc('week', 'min(business_date)') }} as date) as sales_week
    from items
    group by transaction_id

),

-- Many receipts have the same products: they are paired together.
product_sets as (

    select
        source_system,
        product_keys,
        count(*) as transactions,
        sales_week
    from receipts
    group by source_system, product_keys, sales_week

),

final as (

    select
        first_products.part as first_product_key,
        second_products.part as second_product_key,
        product_sets.source_system,
        cast(sum(product_sets.transactions) as integer) as transactions,
        product_sets.sales_week
    from product_sets
    cross join lateral {{ split_to_rows('product_sets.product_keys', ' ', 'first_products') }}
    cross join lateral {{ split_to_rows('product_sets.product_keys', ' ', 'second_products') }}
    where first_products.part_number < second_products.part_number
    group by
        first_products.part,
        second_products.part,
        product_sets.source_system,
        product_sets.sales_week

)

select * from final
