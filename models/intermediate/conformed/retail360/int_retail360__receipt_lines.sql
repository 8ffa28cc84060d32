{#
    Incremental so that a line is parsed once, when it is loaded or when its document changes: its header, or how it was
    settled. What a line was before stays as a former state (not current), so that the days are found from which it is
    gone. A document is one receipt, whatever portions of the table its lines are in.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file', 'feed': 'retail360_documentlines'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['business_date', 'branch_key']},
            {'columns': ['customer_key']},
            {'columns': ['change_id']},
            {'columns': ['record_key']},
        ],
    )
}}
{%- set touched = touched('file') %}
{%- set mark = high_water_mark() %}
{%- set of_line = [
    'source_system', 'file_id', 'line_number', 'logical_file', 'file_branch', 'covers',
    'file_business_date', 'loaded_at', 'document_number', 'document_line_text', 'business_date_text',
    'product_id', 'product_name', 'unit_price_text', 'quantity_text', 'discount_text', 'total_text',
    'change_id', 'is_current',
] %}
{%- set is_stored = '(lines.file_id, lines.line_number) in ('
    ~ 'select stored_lines.file_id, stored_lines.line_number from stored_lines)' %}

with lines_of_files as (

    select
        {{ of_line | join(',\n        ') }},
        {{ document_key() }} as document_key
    from ({{ touched_lines(ref('stg_retail360__documentlines')) | indent(8) }}) as lines

),

{% if is_incremental() -%}
changed_documents as (

    select document_key from lines_of_files
    where document_key is not null
    union
    select document_key from {{ ref('int_retail360__documents') }}
    where valid_from_file_id > {{ mark }} or valid_to_file_id > {{ mark }}
    union
    select document_key from {{ ref('int_retail360__payment_lines') }}
    where valid_from_file_id > {{ mark }} or valid_to_file_id > {{ mark }}

),

-- Lines of these documents in other files.
stored_lines as (

    select
        stored.file_id,
        stored.line_number
    from (
        {{ look_up(
            this,
            'select document_key from changed_documents',
            'found.record_key = wanted.document_key and found.is_current'
        ) | indent(8) }}
    ) as stored
    where stored.file_id not in ({{ touched }})

),

other_lines as (

    select
        {{ of_line | join(',\n        ') }},
        {{ document_key() }} as document_key
    from (
        {{ lines_of_untouched_files(ref('stg_retail360__documentlines'), is_stored) | indent(8) }}
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

documents as (

    {% if is_incremental() -%}
    {{ look_up(
        ref('int_retail360__documents'),
        'select document_key from changed_documents',
        'found.document_key = wanted.document_key'
    ) }}
    {%- else -%}
    select * from {{ ref('int_retail360__documents') }}
    {%- endif %}

),

settlements as (

    {% if is_incremental() -%}
    {{ look_up(
        ref('int_retail360__payment_lines'),
        'select document_key from changed_documents',
        'found.document_key = wanted.document_key and found.is_settlement'
    ) }}
    {%- else -%}
    select * from {{ ref('int_retail360__payment_lines') }}
    where is_settlement
    {%- endif %}

),

{{ states_of(
    'documents',
    'document',
    'document_key',
    values={
        'document_type': 'min(document_type)',
        'sold_at_text': 'min(sold_at_text)',
        'stated_amount': 'min(stated_amount)',
        'taxed_on': 'min(taxed_on)',
        'is_listed': 'bool_or(valid_from_file_id is not null)',
    },
    prefer='valid_from_file_id desc'
) }},

-- One value for a document: its lines are not multiplied by its payments.
{{ states_of(
    'settlements',
    'settlement',
    'document_key',
    values={
        'lowest_payment_type': 'min(payment_type)',
        'has_card_payment': 'bool_or(payment_type = 3)',
        'is_settled': 'bool_or(valid_from_file_id is not null)',
    }
) }},

-- A line that is in several files counts in the latest, one that is twice in a file further down.
doubled_keys as (

    select
        document_key,
        document_line_text
    from document_lines
    where
        is_current
        and document_key is not null
        and document_line_text is not null
    group by document_key, document_line_text
    having count(*) > 1

),

doubled_lines as (

    select
        document_lines.file_id,
        document_lines.line_number,
        first_value(document_lines.file_id) over latest as counted_in_file_id,
        row_number() over latest as place
    from document_lines
    inner join doubled_keys
        on
            document_lines.document_key = doubled_keys.document_key
            and document_lines.document_line_text = doubled_keys.document_line_text
    where document_lines.is_current
    window
        latest as (
            partition by document_lines.document_key, document_lines.document_line_text
            order by document_lines.file_id desc, document_lines.line_number desc
        )

),

-- A change in one file changes the receipt, and so its lines in the others.
scattered_documents as (

    select
        document_key,
        max(change_id) as change_id
    from document_lines
    where document_key is not null
    group by document_key
    having min(logical_file) <> max(logical_file)

),

listed_lines as (

    select
        document_lines.*,
        doubled_lines.counted_in_file_id,
        scattered_documents.change_id as document_change_id
    from document_lines
    left join doubled_lines
        on
            document_lines.file_id = doubled_lines.file_id
            and document_lines.line_number = doubled_lines.line_number
            and doubled_lines.place > 1
    left join scattered_documents
        on document_lines.document_key = scattered_documents.document_key

),

{{ valued_lines(
    'listed_lines',
    columns=of_line[:-2] + ['document_key', 'counted_in_file_id', 'document_change_id'],
    histories={
        'document_steady': 'lines.document_key = document_steady.document_key',
        'document_changed': 'lines.document_key = document_changed.document_key',
        'settlement_steady': 'lines.document_key = settlement_steady.document_key',
        'settlement_changed': 'lines.document_key = settlement_changed.document_key',
    },
    values={
        'document_type': 'coalesce(document_steady.document_type, document_changed.document_type)',
        'sold_at_text': 'coalesce(document_steady.sold_at_text, document_changed.sold_at_text)',
        'stated_amount': 'coalesce(document_steady.stated_amount, document_changed.stated_amount)',
        'taxed_on': 'coalesce(document_steady.taxed_on, document_changed.taxed_on)',
        'is_listed': 'coalesce(document_steady.is_listed, document_changed.is_listed, false)',
        'lowest_payment_type':
            'coalesce(settlement_steady.lowest_payment_type, settlement_changed.lowest_payment_type)',
        'has_card_payment':
            'coalesce(settlement_steady.has_card_payment, settlement_changed.has_card_payment)',
        'is_settled': 'coalesce(settlement_steady.is_settled, settlement_changed.is_settled, false)',
    },
    was_counted='is_listed and document_type = 1 and is_settled'
) }},

-- Each number is parsed once: a till repeats its prices, and three decimals are costly to parse.
number_texts as (

    select quantity_text as number_text from document_lines
    union all
    select unit_price_text as number_text from document_lines
    union all
    select discount_text as number_text from document_lines
    union all
    select total_text as number_text from document_lines

),

distinct_number_texts as (

    select distinct number_text from number_texts
    where number_text is not null

),

numbers as (

    select
        number_text,
        {{ parse_amount('number_text', scale=4, decimal='.') }} as number,
        {{ parse_amount('number_text', decimal='.') }} as amount
    from distinct_number_texts
    {{ evaluate_once() }}

),

-- Goods by weight are one unit, at the price of the line.
measured as (

    select
        valued_lines.*,
        quantities.number <> trunc(quantities.number) as is_measured,
        quantities.number as stated_quantity,
        unit_prices.number as stated_unit_price,
        coalesce(discounts.number <> 0, false) as is_discounted,
        totals.amount as net_amount
    from valued_lines
    left join numbers as quantities on valued_lines.quantity_text = quantities.number_text
    left join numbers as unit_prices on valued_lines.unit_price_text = unit_prices.number_text
    left join numbers as discounts on valued_lines.discount_text = discounts.number_text
    left join numbers as totals on valued_lines.total_text = totals.number_text

),

counted as (

    select
        *,
        case when is_measured then sign(stated_quantity) else stated_quantity end as quantity,
        case when is_measured then stated_quantity end as measured_quantity
    from measured

),

-- Of lines without a document: they have a day of their own.
line_days as (

    select
        day_texts.business_date_text,
        {{ parse_date('day_texts.business_date_text') }} as line_date
    from (
        select distinct business_date_text from valued_lines
        where not is_listed and business_date_text is not null
    ) as day_texts
    {{ evaluate_once() }}

),

-- With a discount, the price of a unit is what was paid for it.
parsed as (

    select
        counted.{{ of_line[:-2] | join(',\n        counted.') }},
        counted.document_key,
        counted.counted_in_file_id,
        counted.document_type,
        counted.stated_amount,
        counted.taxed_on,
        counted.lowest_payment_type,
        counted.has_card_payment,
        counted.is_settled,
        counted.quantity,
        counted.measured_quantity,
        counted.net_amount,
        counted.is_current,
        counted.is_listed,
        case
            when counted.is_current then greatest(counted.change_id, counted.document_change_id)
            else counted.change_id
        end as change_id,
        case
            when counted.is_listed then counted.sold_at_text
            else cast(line_days.line_date as text)
        end as sold_at_text,
        case
            when
                counted.is_measured
                or counted.is_discounted
                or counted.stated_unit_price is null
                then round(counted.net_amount / nullif(counted.quantity, 0), 4)
            else counted.stated_unit_price
        end as unit_price
    from counted
    left join line_days
        on
            counted.business_date_text = line_days.business_date_text
            and not counted.is_listed

),

{{ receipt_lines(
    from='parsed',
    expressions={
        'record_key': 'document_key',
        'branch_name':
            "coalesce(file_branch, '" ~ var('source_defaults').retail360.branch_name ~ "')",
        'receipt_number': 'document_number',
        'receipt_line_number': parse_integer('document_line_text'),
        'product_name': 'coalesce(product_name, product_id)',
        'payment_method':
            "case when has_card_payment then 'CARD' else "
            ~ payment_method_of('lowest_payment_type') ~ " end",
        'stated_receipt_amount': 'stated_amount',
        'money_text': 'total_text',
        'is_time_known': 'true',
        'reject_reasons': named_reasons({
            'document_missing': 'document_number is not null and not is_listed',
            'document_type_not_sale': 'is_listed and document_type is distinct from 1',
            'document_unsettled': 'is_listed and document_type = 1 and not is_settled',
            'superseded_by_another_file': 'counted_in_file_id <> file_id',
            'id_doubled': 'counted_in_file_id = file_id',
        }),
        'line_text':
            "concat_ws(' | ', document_number, coalesce(sold_at_text, business_date_text), product_id"
            ~ ", product_name, quantity_text, total_text)",
    },
    lacks=[
        'customer_id', 'customer_name', 'employee_id', 'card_last4', 'channel', 'country',
        'currency_code', 'quality_flags',
    ],
    adds=['measured_quantity', 'taxed_on'],
    iso_times=true,
    across_files=true
) }}
