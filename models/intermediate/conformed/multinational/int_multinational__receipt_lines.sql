{#
    Incremental so that an order is parsed once, when it is loaded or when a list changes it. What an order was before
    a list changed it stays as a former state (not current), so that the days are found from which it is gone.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file', 'feed': 'multinational_orders'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['business_date', 'branch_key']},
            {'columns': ['customer_key']},
            {'columns': ['change_id']},
            {'columns': ['record_key']},
        ],
    )
}}
{%- set mark = high_water_mark() %}

with order_times as (

    select * from {{ ref('int_multinational__order_times') }}

),

prices_read as (

    select
        *,
        case when {{ names_another_currency('price_text', "'GBP'") }} then price_text end
            as other_money_text,
        {{ parse_amount('price_text', scale=4, three_decimals=true) }} as stated_price
    from {{ ref('int_multinational__product_prices') }}
    {{ evaluate_once() }}

),

-- A negative price is invalid: no order is worth less than nothing because of it.
prices as (

    select
        *,
        case when stated_price >= 0 then stated_price end as unit_price
    from prices_read

),

lines as (

    {{ touched_lines(ref('stg_multinational__orders')) }}

),

{% if is_incremental() -%}
-- Orders of other files that a list has changed.
changed_lines as (

    {% set is_changed -%}
        (
            {{ short_key('lines.date_event_id') }} in (
                select order_times.date_event_key from order_times
                where order_times.valid_from_file_id > {{ mark }}
            )
            or {{ short_key('lines.product_id') }} in (
                select prices.product_code_key from prices
                where prices.valid_from_file_id > {{ mark }}
            )
        )
    {%- endset -%}
    {{ lines_of_untouched_files(ref('stg_multinational__orders'), is_changed) }}

),

{% endif -%}
orders as (

    select * from lines
    {%- if is_incremental() %}
    union all
    select * from changed_lines
    {%- endif %}

),

{{ valued_lines(
    'orders',
    columns=[
        'source_system', 'file_id', 'line_number', 'logical_file', 'covers', 'file_business_date',
        'loaded_at', 'record_key', 'date_event_id', 'customer_id', 'first_name', 'last_name',
        'store_code', 'product_id', 'quantity_text', 'card_token', 'card_last4',
    ],
    histories={
        'order_times': short_key('lines.date_event_id') ~ ' = order_times.date_event_key',
        'prices': short_key('lines.product_id') ~ ' = prices.product_code_key',
    },
    values={
        'sold_at_text': 'order_times.sold_at_text',
        'period_text': 'order_times.period_text',
        'product_name': 'prices.product_name',
        'price_text': 'prices.price_text',
        'other_money_text': 'prices.other_money_text',
        'unit_price': 'prices.unit_price',
    },
    was_counted='price_text is not null and sold_at_text is not null'
) }},

parsed as (

    select
        *,
        {{ parse_integer('quantity_text') }} as quantity
    from valued_lines

),

{{ receipt_lines(
    from='parsed',
    expressions={
        'branch_name': 'store_code',
        'product_name': 'coalesce(product_name, product_id)',
        'net_amount': 'round(quantity * unit_price, 2)',
        'is_time_known': 'true',
        'money_text': 'other_money_text',
        'customer_name': "nullif(concat_ws(' ', first_name, last_name), '')",
        'payment_method': "case when card_last4 is not null then 'CARD' end",
        'channel': "case when store_code ilike 'WEB-%' then 'online' else 'store' end",
        'time_period': "replace(lower(period_text), ' ', '_')",
        'currency_code': "'GBP'",
        'reject_reasons': named_reasons({
            'date_event_unlisted': 'sold_at_text is null',
            'product_unlisted': 'price_text is null',
        }),
        'line_text': "concat_ws(' | ', sold_at_text, store_code, product_id, quantity_text, price_text)",
    },
    lacks=['receipt_number', 'employee_id', 'country', 'quality_flags'],
    adds=['card_token'],
    one_line_each=true,
    rejudged=true
) }}
