{#
    Whole in every run, because a late file or a withdrawal may change what a reference named before; only differences
    are written. Stores name a product by its code and the web shop by its name; the file that changed a product is the
    one that changed its orders.

    The same row counts as in the list itself (int_electroniz__products): the one that the source changed last,
    whichever file came first, and without a withdrawn file what the others have. A product that leaves the list keeps
    its values, so that no past sale is undone: rows of a version that was replaced count where no other has the
    product.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key=['reference_key', 'valid_from_file_id'],
        on_schema_change='fail',
    )
}}
{%- set end = end_of_ledger() %}

with products as (

    select
        *,
        {{ parse_moment('changed_at_text', "'UTC'") }} as updated_at
    from {{ ref('stg_electroniz__products') }}
    where product_id is not null
    {{ evaluate_once() }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}
    where file_id <= {{ end }}

),

-- When a version was replaced, or withdrawn, which an empty version says.
versions as (

    select
        files.file_id,
        later_files.file_id as ended_file_id,
        coalesce(later_files.row_count = 0, false) as is_withdrawn
    from files
    left join files as later_files on files.superseded_by_file_id = later_files.file_id

),

product_references as (

    select
        file_id,
        line_number,
        product_id,
        product_name,
        {{ short_key("'code/' || product_id") }} as reference_key,
        updated_at
    from products
    union all
    select
        file_id,
        line_number,
        product_id,
        product_name,
        {{ short_key("'name/' || " ~ normalize_name('product_name', is_plain=true)) }}
            as reference_key,
        updated_at
    from products

),

known_references as (

    select
        product_references.*,
        versions.ended_file_id,
        versions.is_withdrawn
    from product_references
    inner join versions on product_references.file_id = versions.file_id
    where product_references.reference_key is not null

),

-- The files that may change what a reference names.
moments as (

    select
        reference_key,
        file_id as moment_file_id
    from known_references
    union
    select
        reference_key,
        ended_file_id as moment_file_id
    from known_references
    where ended_file_id is not null

),

placed as (

    select
        moments.reference_key,
        moments.moment_file_id,
        known_references.product_id,
        known_references.product_name,
        row_number() over (
            partition by moments.reference_key, moments.moment_file_id
            order by
                coalesce(known_references.ended_file_id <= moments.moment_file_id, false) asc,
                known_references.updated_at desc nulls last,
                known_references.file_id desc,
                known_references.line_number desc
        ) as place
    from moments
    left join known_references
        on
            moments.reference_key = known_references.reference_key
            and moments.moment_file_id >= known_references.file_id
            and not (
                known_references.is_withdrawn
                and moments.moment_file_id >= known_references.ended_file_id
            )

),

compared as (

    select
        *,
        coalesce(
            lag(reference_key) over moments_before = reference_key
            and lag(product_id) over moments_before is not distinct from product_id
            and lag(product_name) over moments_before is not distinct from product_name,
            false
        ) as is_continued
    from placed
    where place = 1
    window moments_before as (partition by reference_key order by moment_file_id)

),

final as (

    select
        reference_key,
        product_id,
        product_name,
        cast(moment_file_id as bigint) as valid_from_file_id,
        cast(
            lead(moment_file_id) over (
                partition by reference_key order by moment_file_id
            ) as bigint
        ) as valid_to_file_id
    from compared
    where not is_continued

)

select * from final
