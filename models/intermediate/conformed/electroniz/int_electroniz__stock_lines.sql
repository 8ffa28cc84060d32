{#
    Incremental so that a line of a list of stock is parsed once. Which lists count is in int_electroniz__stock_lists, and
    what the products are called in the list of products: both may change later.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file', 'feed': 'electroniz_inventory'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['business_date', 'branch_key']},
        ],
    )
}}

with lines as (

    {{ touched_lines(ref('stg_electroniz__inventory')) }}

),

named_lines as (

    select
        *,
        {{ normalize_branch_name('place_name', is_plain=true) }} as normalized_place_name
    from lines
    {{ evaluate_once() }}

),

place_names as (

    {{ stock_place_names('electroniz') }}

),

-- The first lists do not say where the stock is.
parsed_lines as (

    select
        lines.file_id,
        lines.line_number,
        lines.source_system,
        coalesce(place_names.branch_name, lines.place_name, 'Warehouse') as branch_name,
        lines.product_name,
        {{ short_key("'name/' || " ~ normalize_name('lines.product_name', is_plain=true)) }}
            as reference_key,
        lines.quantity_text,
        {{ parse_amount('lines.quantity_text', scale=3, decimal='.', three_decimals=true) }}
            as recorded_quantity,
        lines.stock_date_text,
        {{ parse_date('lines.stock_date_text') }} as business_date,
        lines.loaded_at
    from named_lines as lines
    left join place_names on lines.normalized_place_name = place_names.normalized_place_name
    {{ evaluate_once() }}

),

keyed_lines as (

    select
        *,
        {{ dbt_utils.generate_surrogate_key([
            'business_date', 'branch_name', 'reference_key'
        ]) }} as level_key
    from parsed_lines

),

judged_lines as (

    select
        *,
        {{ stands_again_below('level_key') }} as is_level_doubled
    from keyed_lines
    {{ evaluate_once() }}

),

final as (

    select
        file_id,
        line_number,
        source_system,
        {{ branch_key() }} as branch_key,
        branch_name,
        product_name,
        reference_key,
        {{ named_reasons({
            'date_unreadable': "business_date is null",
            'date_out_of_range':
                "business_date < cast('" ~ var('calendar_start') ~ "' as date)"
                ~ " or business_date > cast('" ~ var('calendar_end') ~ "' as date)",
            'date_in_future': dated_after_delivery('business_date', 'loaded_at'),
            'product_missing': "product_name is null",
            'quantity_unreadable': "recorded_quantity is null",
            'id_doubled': "is_level_doubled",
        }) }} as reject_reasons,
        concat_ws(' | ', stock_date_text, product_name, quantity_text, branch_name) as stated_text,
        cast(recorded_quantity as numeric(18, 3)) as recorded_quantity,
        business_date,
        loaded_at
    from judged_lines

)

select * from final
