{#
    Incremental because a table has many versions. A document counts if it was settled, and the file that changed a
    payment is the one that changed its document.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['document_key', 'payment_key', 'valid_from_file_id'],
        meta={'feed': 'retail360_receiptlines'},
        on_schema_change='fail',
    )
}}

with lines as (

    select
        new_lines.file_id,
        new_lines.line_number,
        new_lines.payment_type_text,
        new_lines.card_type_id,
        new_lines.settlement_text,
        new_lines.amount_text,
        new_lines.instalments_text,
        new_lines.sequence_text,
        {{ document_key('new_lines.file_branch', 'new_lines.document_number') }} as document_key
    from ({{ new_lines(ref('stg_retail360__receiptlines')) | indent(8) }}) as new_lines

),

-- Each amount is parsed once.
amount_texts as (

    select distinct amount_text from lines
    where amount_text is not null

),

amounts as (

    select
        amount_text,
        {{ parse_amount('amount_text', decimal='.') }} as amount
    from amount_texts
    {{ evaluate_once() }}

),

-- A payment is known by the order of writing, or by its place among the payments of its document.
keyed_lines as (

    select
        lines.*,
        {{ short_key('lines.sequence_text') }} as payment_key
    from lines
    where lines.sequence_text is not null
    union all
    select
        lines.*,
        'line ' || row_number() over (
            partition by lines.file_id, lines.document_key order by lines.line_number
        ) as payment_key
    from lines
    where lines.sequence_text is null

),

payments as (

    select
        keyed_lines.file_id,
        keyed_lines.line_number,
        keyed_lines.document_key,
        keyed_lines.payment_key,
        keyed_lines.card_type_id,
        {{ parse_integer('keyed_lines.payment_type_text') }} as payment_type,
        {{ parse_integer('keyed_lines.instalments_text') }} as instalments,
        {{ sequence_of('keyed_lines.sequence_text') }} as sequence_number,
        amounts.amount,
        coalesce(keyed_lines.settlement_text <> '2', true) as is_settlement
    from keyed_lines
    left join amounts on keyed_lines.amount_text = amounts.amount_text

),

{{ table_history(
    'payments',
    key=['document_key', 'payment_key'],
    values=['card_type_id', 'payment_type', 'instalments', 'sequence_number', 'amount', 'is_settlement'],
    carried=['line_number']
) }}
