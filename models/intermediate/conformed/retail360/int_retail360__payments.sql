{#
    Payments of the documents that count, as the till has them. The windows are also by branch and day, so that the
    payments of one day are found without all others. Settlements are numbered first; without an order of writing, the
    key of a payment ends in its place ('line 10'), so the shorter key comes first.
#}
with receipts as (

    select * from {{ ref('int_retail360__receipt_lines') }}
    where is_sale and item_number = 1

),

payment_lines as (

    select * from {{ ref('int_retail360__payment_lines') }}
    where valid_to_file_id is null

),

-- Of a payment in several portions the last one counts.
paid as (

    select
        receipts.source_system,
        receipts.change_id,
        receipts.is_current,
        receipts.transaction_id,
        receipts.receipt_number,
        receipts.branch_key,
        receipts.branch_name,
        receipts.currency_code,
        receipts.business_date,
        payment_lines.valid_from_file_id as file_id,
        payment_lines.line_number,
        payment_lines.payment_key,
        payment_lines.payment_type,
        payment_lines.card_type_id,
        payment_lines.instalments,
        payment_lines.sequence_number,
        payment_lines.amount,
        payment_lines.is_settlement,
        row_number() over (
            partition by
                receipts.branch_key,
                receipts.business_date,
                receipts.transaction_id,
                payment_lines.payment_key
            order by payment_lines.valid_from_file_id desc
        ) as place
    from receipts
    inner join payment_lines on receipts.record_key = payment_lines.document_key

),

numbered as (

    select
        *,
        row_number() over (
            partition by branch_key, business_date, transaction_id
            order by not is_settlement, sequence_number, length(payment_key), payment_key
        ) as payment_number
    from paid
    where place = 1

)

{{ conform(
    'payments',
    from='numbered',
    expressions={
        'payment_method': payment_method_of('payment_type'),
        'card_type': 'case when payment_type = 3 then card_type_id end',
    }
) }}
