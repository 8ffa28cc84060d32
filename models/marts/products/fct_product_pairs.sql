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

-- A product counts once per receipt.
receipt_products as (

    select distinct
        transaction_id,
        product_key,
        source_system,
        cast({{ dbt.date_trunc('week', 'business_date') }} as date) as sales_week
    from items

),

final as (

    select
        first_products.product_key as first_product_key,
        second_products.product_key as second_product_key,
        first_products.source_system,
        cast(count(*) as integer) as transactions,
        first_products.sales_week
    from receipt_products as first_products
    inner join receipt_products as second_products
        on
            first_products.transaction_id = second_products.transaction_id
            and first_products.product_key < second_products.product_key
    group by
        first_products.product_key,
        second_products.product_key,
        first_products.source_system,
        first_products.sales_week

)

select * from final
