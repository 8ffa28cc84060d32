{#
    Every file has the stock of all places on a day, and the last file of a day counts. Computed whole in each run,
    because there is one row per list; updated, not replaced, so that the views on it are not dropped.

    A list changes with the lists of its day that came after it, and with what the names in it stand for: its products are
    those of the list of products. Here and not per product, so that a reader finds the changed lists without its levels.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key=['file_id', 'business_date'],
        on_schema_change='fail',
    )
}}
{%- set end_of_ledger = end_of_ledger() %}

with stock_lines as (

    select * from {{ ref('int_electroniz__stock_lines') }}
    where reject_reasons is null

),

product_references as (

    select * from {{ ref('int_electroniz__product_references') }}
    where valid_to_file_id is null

),

-- A product counts together under all of its names.
products as (

    select
        reference_key,
        case
            when product_id is null then valid_from_file_id
            else max(valid_from_file_id) over (partition by product_id)
        end as changed_file_id
    from product_references

),

files as (

    select * from {{ ref('int_files__versioned') }}
    where file_id <= {{ end_of_ledger }}

),

listed_days as (

    select
        stock_lines.file_id,
        stock_lines.business_date,
        max(products.changed_file_id) as products_changed_file_id
    from stock_lines
    left join products on stock_lines.reference_key = products.reference_key
    group by stock_lines.file_id, stock_lines.business_date

),

lists as (

    select
        listed_days.file_id,
        listed_days.business_date,
        listed_days.products_changed_file_id,
        case
            when files.superseded_by_file_id <= {{ end_of_ledger }}
                then files.superseded_by_file_id
        end as ended_file_id
    from listed_days
    inner join files on listed_days.file_id = files.file_id

),

final as (

    select
        file_id,
        cast(
            greatest(
                max(greatest(file_id, ended_file_id)) over (
                    partition by business_date
                    order by file_id
                    rows between current row and unbounded following
                ),
                products_changed_file_id
            ) as bigint
        ) as change_id,
        ended_file_id is null
        and row_number() over (
            partition by business_date, ended_file_id is null order by file_id desc
        ) = 1 as is_current,
        business_date
    from lists

)

select * from final
