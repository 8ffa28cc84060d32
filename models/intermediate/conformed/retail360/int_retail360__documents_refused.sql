{#
    Documents that stand for no receipt: without a number, a number that comes again below, or without a line.
    Incremental by file; lines come and go in other files, so that a document may be refused later, or have lines then:
    its row stops being current, and says which file it is in.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file', 'feed': 'retail360_documents'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['change_id']},
        ],
    )
}}
{%- set touched = touched('file') %}
{%- set mark = high_water_mark() %}
{%- set of_document = [
    'source_system', 'file_id', 'line_number', 'logical_file', 'file_branch', 'document_number',
    'document_type_text', 'business_date_text', 'total_text',
] %}
{%- set has_changed = document_key('files.file_branch', 'lines.document_number')
    ~ ' in (select changed_documents.document_key from changed_documents)' %}

with stores as (

    {{ stores_of_files(ref('int_files__versioned'), 'retail360') }}

),

lines_of_files as (

    select
        {{ of_document | join(',\n        ') }},
        change_id,
        {{ document_key() }} as document_key,
        {{ stands_again_below('document_number') }} as is_id_doubled
    from ({{ touched_lines(ref('stg_retail360__documents')) | indent(8) }}) as lines
    where is_current

),

{% if is_incremental() -%}
-- Documents of other files that have lost their last line.
changed_documents as (

    select distinct former_lines.record_key as document_key
    from {{ ref('int_retail360__receipt_lines') }} as former_lines
    where
        former_lines.change_id > {{ mark }}
        and not former_lines.is_current
        and former_lines.record_key is not null
        and not exists (
            select 1
            from {{ ref('int_retail360__receipt_lines') }} as receipt_lines
            where
                receipt_lines.record_key = former_lines.record_key
                and receipt_lines.is_current
        )

),

other_lines as (

    select
        {{ of_document | join(',\n        ') }},
        change_id,
        {{ document_key() }} as document_key,
        {{ stands_again_below('document_number') }} as is_id_doubled
    from (
        {{ lines_of_untouched_files(ref('stg_retail360__documents'), has_changed) | indent(8) }}
    ) as lines

),

{% endif -%}
document_lines as (

    select * from lines_of_files
    {%- if is_incremental() %}
    union all
    select * from other_lines
    {%- endif %}

),

judged as (

    select
        document_lines.*,
        -- Its last line may have gone later than it came.
        (
            select max(receipt_lines.change_id)
            from {{ ref('int_retail360__receipt_lines') }} as receipt_lines
            where
                receipt_lines.record_key = document_lines.document_key
                and not document_lines.is_id_doubled
        ) as lines_change_id,
        stores.branch_key,
        stores.branch_name,
        stores.currency_code,
        {{ parse_date('document_lines.business_date_text') }} as business_date,
        {{ parse_amount('document_lines.total_text', decimal='.') }} as stated_amount
    from document_lines
    inner join stores on coalesce(document_lines.file_branch, '') = stores.store_folder
    where
        document_lines.is_id_doubled
        or not exists (
            select 1
            from {{ ref('int_retail360__receipt_lines') }} as receipt_lines
            where
                receipt_lines.record_key = document_lines.document_key
                and receipt_lines.is_current
        )
    {{ evaluate_once() }}

),

refused as (

    select
        {{ transaction_id("'line-' || cast(line_number as text)") }} as transaction_id,
        file_id,
        line_number,
        greatest(change_id, lines_change_id) as change_id,
        source_system,
        document_key,
        branch_key,
        branch_name,
        {{ customer_key("'unknown'", "'unknown'") }} as customer_key,
        document_number,
        currency_code,
        {{ named_reasons({
            'id_missing': "document_number is null",
            'id_doubled': "is_id_doubled",
            'document_type_not_sale':
                "document_number is not null and not is_id_doubled"
                ~ " and coalesce(" ~ parse_integer('document_type_text') ~ " <> 1, true)",
            'document_without_lines': "document_number is not null and not is_id_doubled",
        }) }} as reject_reasons,
        concat_ws(' | ', document_number, document_type_text, business_date_text, total_text)
            as refused_text,
        stated_amount,
        true as is_current,
        business_date
    from judged

)

select * from refused
{%- if is_incremental() %}
union all
-- These have lines now.
select
    stored.transaction_id,
    stored.file_id,
    stored.line_number,
    cast({{ end_of_ledger() }} as bigint) as change_id,
    stored.source_system,
    stored.document_key,
    stored.branch_key,
    stored.branch_name,
    stored.customer_key,
    stored.document_number,
    stored.currency_code,
    stored.reject_reasons,
    stored.refused_text,
    stored.stated_amount,
    false as is_current,
    stored.business_date
from {{ this }} as stored
where
    stored.is_current
    and stored.file_id not in ({{ touched }})
    and stored.reject_reasons like '%document_without_lines'
    and exists (
        select 1
        from {{ ref('int_retail360__receipt_lines') }} as receipt_lines
        where
            receipt_lines.record_key = stored.document_key
            and receipt_lines.is_current
    )
{%- endif %}
