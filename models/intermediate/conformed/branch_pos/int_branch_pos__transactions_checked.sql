{#
    Incremental because every later model reads these rows: a file version is parsed once when it is loaded, and once
    more when it is superseded.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file', 'feed': 'branch_pos_transactions'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['business_date', 'branch_key']},
            {'columns': ['customer_key']},
            {'columns': ['change_id']},
            {'columns': ['record_key']},
        ],
    )
}}
{%- set columns = [
    'transaction_id', 'file_id', 'line_number', 'change_id', 'counted_in_file_id', 'source_system',
    'record_key', 'branch_key', 'branch_name', 'customer_key', 'customer_identified_by',
    'customer_name', 'basket_text', 'payment_method', 'card_last4', 'currency_code', 'covers',
    'reject_reasons', 'refused_text', 'quality_flags', 'items_sold', 'net_amount', 'cash_rounding',
    'is_current', 'is_sale', 'business_date', 'file_business_date', 'sold_at_local', 'sold_at',
] %}

with versioned as (

    {{ touched_versions(ref('int_branch_pos__transactions_parsed')) }}

),

-- Tills write the day first; a spreadsheet may have swapped day and month. The dates are counted in
-- staging, which costs less than materializing all lines.
dated as (

    {{ dated_lines(
        from='versioned',
        text='sold_at_text',
        counted='(' ~ touched_lines(ref('stg_branch_pos__transactions')) ~ ')',
        default_order='day_first'
    ) | indent(4) }}

),

priced as (

    select
        dated.*,
        baskets.items_sold,
        baskets.basket_amount,
        baskets.unreadable_items,
        baskets.items_in_another_currency
    from dated
    -- A lateral subquery cannot be a CTE: it reads the row it is joined to.
    cross join lateral ( -- noqa: ST05
        select
            count(*) as items_sold,
            sum(round(items.unit_price, 2)) as basket_amount,
            count(*) filter (
                where items.unit_price is null or items.item_name = ''
            ) as unreadable_items,
            count(*) filter (
                where {{ names_another_currency('items.price_text', 'dated.currency_code') }}
            ) as items_in_another_currency
        from {{ basket_items('dated.basket_text', 'items') }}
    ) as baskets

),

-- By card token where paid by card, by name within the branch otherwise.
identified as (

    select
        *,
        cast(sold_at_local as date) as business_date,
        {{ is_cash_rounding('total_amount', 'basket_amount') }} as is_cash_rounded,
        items_in_another_currency > 0
        or {{ names_another_currency('total_text', 'currency_code') }} as is_in_another_currency,
        case
            when payment_method = 'CARD' and card_token is not null then 'card'
            when customer_name is not null then 'name'
            else 'unknown'
        end as customer_identified_by
    from priced

),

checked as (

    select
        *,
        case customer_identified_by
            when 'card' then card_token
            when 'name'
                then branch_name || '/' || {{ normalize_name('customer_name', is_plain=true) }}
            else 'unknown'
        end as customer_id,
        {{ named_reasons({
            'branch_missing': "branch_name is null",
            'timestamp_unreadable':
                "sold_at_local is null and not is_date_order_unclear",
            'time_missing': "sold_at_local is not null and not has_time",
            'date_order_unclear': "is_date_order_unclear",
            'date_out_of_range':
                "business_date < cast('" ~ var('calendar_start') ~ "' as date)"
                ~ " or business_date > cast('" ~ var('calendar_end') ~ "' as date)",
            'basket_unreadable': "items_sold = 0 or unreadable_items > 0",
            'total_unreadable': "total_amount is null",
            'basket_differs_from_total':
                "unreadable_items = 0 and basket_amount <> total_amount and not is_cash_rounded",
            'currency_differs_from_branch': "is_in_another_currency",
        }) }} as reject_reasons,
        {{ named_reasons({
            'card_unreadable': "card_unreadable is not null",
            'payment_method_unknown':
                "payment_method is null or payment_method not in ('CASH', 'CARD')",
            'total_not_positive': "total_amount <= 0",
            'cash_rounded': "is_cash_rounded",
            'branch_differs_from_file_name':
                "lower(branch_name) <> replace(file_branch, '_', ' ') and "
                ~ normalize_branch_name('branch_name') ~ " <> " ~ normalize_branch_name('file_branch'),
            'date_differs_from_file_name': "business_date <> file_business_date",
            'dated_after_delivery': dated_after_delivery('business_date', 'loaded_at'),
        }) }} as quality_flags
    from identified
    {{ evaluate_once() }}

),

judged as (

    select
        {{ transaction_id() }} as transaction_id,
        file_id,
        line_number,
        change_id,
        cast(null as bigint) as counted_in_file_id,
        source_system,
        record_key,
        {{ branch_key() }} as branch_key,
        branch_name,
        {{ customer_key('customer_identified_by', 'customer_id') }} as customer_key,
        customer_identified_by,
        customer_name,
        basket_text,
        case when payment_method in ('CASH', 'CARD') then payment_method else 'OTHER' end
            as payment_method,
        card_last4,
        currency_code,
        covers,
        reject_reasons,
        -- For people who investigate rejected rows: the line's text, without the customer.
        case
            when reject_reasons is not null
                then concat_ws(
                    ' | ', sold_at_text, branch_name, basket_text, total_text, payment_method
                )
        end as refused_text,
        quality_flags,
        cast(items_sold as integer) as items_sold,
        cast(total_amount as numeric(18, 2)) as net_amount,
        cast(
            case when is_cash_rounded then total_amount - basket_amount else 0 end
            as numeric(18, 2)
        ) as cash_rounding,
        is_current,
        is_current and reject_reasons is null as is_sale,
        business_date,
        file_business_date,
        sold_at_local,
        {{ local_to_utc('sold_at_local', 'time_zone') }} as sold_at
    from checked

),

-- A till has no receipt numbers: a copy is recognized by all its columns.
{{ counted_once(
    'judged',
    columns,
    same=[
        'sold_at_local', 'customer_key', 'customer_name', 'basket_text', 'payment_method', 'card_last4',
        'net_amount',
    ],
    is_stray="quality_flags like '%_differs_from_file_name%'",
    line_text="concat_ws(' | ', cast(sold_at_local as text), branch_name, basket_text,"
    ~ " cast(net_amount as text), payment_method)",
) }}
