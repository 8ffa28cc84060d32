{#
    Incremental so that a line of a list of stock is parsed once. Which business day a list is of, and whether it counts,
    is in int_retail360__stock_lists, because a later list may change it.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file', 'feed': 'retail360_inventory'},
        on_schema_change='fail',
    )
}}

with lines as (

    {{ touched_lines(ref('stg_retail360__inventory')) }}

),

own_lines as (

    select
        lines.file_id,
        lines.line_number,
        lines.source_system,
        lines.product_id,
        stock.recorded_quantity,
        stock.counted_quantity,
        stock.is_unreadable,
        {{ stands_again_below('lines.product_id', 'lines') }} as is_id_doubled
    from lines
    cross join lateral {{ values_of_stock('lines', 'stock') }}
    where {{ is_own_stock('lines') }}
    {{ evaluate_once() }}

),

-- Counted where somebody counted, else as the records have it.
final as (

    select
        file_id,
        line_number,
        source_system,
        {{ product_key('product_id') }} as product_key,
        product_id,
        cast(coalesce(counted_quantity, recorded_quantity) as numeric(18, 3)) as stock_quantity,
        cast(recorded_quantity as numeric(18, 3)) as recorded_quantity,
        cast(counted_quantity as numeric(18, 3)) as counted_quantity
    from own_lines
    where product_id is not null and not is_unreadable and not is_id_doubled

)

select * from final
