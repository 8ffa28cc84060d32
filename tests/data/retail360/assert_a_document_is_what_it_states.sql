-- A document that counts with all its lines comes to what its header states, to the penny. If the
-- amount of a line is not readable, the others stay as they are.
{{ config(enabled='retail360' in var('source_systems')) }}
{%- set scope = in_scope('branch_day') %}

with receipts as (

    select * from {{ ref('fct_transactions') }}
    where source_system = 'retail360' and {{ scope }}

),

lines as (

    select * from {{ ref('int_retail360__receipt_lines') }}
    where is_sale and {{ scope }}

),

documents as (

    select * from {{ ref('int_retail360__documents') }}
    where valid_to_file_id is null and stated_amount is not null

),

rejected_lines as (

    select * from {{ ref('int_retail360__receipt_lines') }}
    where
        is_current
        and reject_reasons is not null
        and {{ scope }}

),

-- Of a document in several portions the last one counts.
stated as (

    select
        lines.transaction_id,
        lines.business_date,
        documents.stated_amount,
        row_number() over (
            partition by lines.transaction_id order by documents.valid_from_file_id desc
        ) as place
    from lines
    inner join documents on lines.record_key = documents.document_key
    left join rejected_lines on lines.record_key = rejected_lines.record_key
    where
        lines.item_number = 1
        and rejected_lines.record_key is null

)

select
    stated.transaction_id,
    stated.stated_amount,
    receipts.net_amount
from stated
left join receipts
    on
        stated.transaction_id = receipts.transaction_id
        and stated.business_date = receipts.business_date
where
    stated.place = 1
    and coalesce(receipts.net_amount <> stated.stated_amount, true)
