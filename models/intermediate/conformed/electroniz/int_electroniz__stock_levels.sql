{#
    A name that the list of products has had stays known, so that the stock of the past does not vanish with a new name;
    stock under two names of one product is its stock together.
#}
with stock_lines as (

    select * from {{ ref('int_electroniz__stock_lines') }}
    where reject_reasons is null

),

lists as (

    select * from {{ ref('int_electroniz__stock_lists') }}

),

product_references as (

    select * from {{ ref('int_electroniz__product_references') }}
    where valid_to_file_id is null and product_id is not null

),

-- All that a reader selects by is grouped by, so that PostgreSQL adds up those levels only.
levels as (

    select
        stock_lines.source_system,
        stock_lines.file_id,
        min(stock_lines.line_number) as line_number,
        lists.change_id,
        lists.is_current,
        stock_lines.branch_key,
        stock_lines.branch_name,
        product_references.product_id,
        sum(stock_lines.recorded_quantity) as recorded_quantity,
        stock_lines.business_date,
        max(stock_lines.loaded_at) as loaded_at
    from stock_lines
    inner join lists
        on
            stock_lines.file_id = lists.file_id
            and stock_lines.business_date = lists.business_date
    inner join product_references
        on stock_lines.reference_key = product_references.reference_key
    group by
        stock_lines.source_system,
        stock_lines.file_id,
        lists.change_id,
        lists.is_current,
        stock_lines.branch_key,
        stock_lines.branch_name,
        product_references.product_id,
        stock_lines.business_date

)

{{ conform(
    'stock_levels',
    from='levels',
    expressions={
        'product_key': product_key('product_id'),
        'stock_quantity': 'recorded_quantity',
        'counted_quantity': 'null',
        'covers_all_places': 'true',
    }
) }}
