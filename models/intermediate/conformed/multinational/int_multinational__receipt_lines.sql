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
{%- set touched = touched('file') %}
{%- set end_of_ledger = end_of_ledger() %}
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

    select
        orders.*,
        files.superseded_by_file_id,
        files.logical_file,
        files.file_branch,
        files.covers,
        files.file_business_date,
        orders.file_id as change_id,
        true as is_current
    from {{ ref('stg_multinational__orders') }} as orders
    inner join {{ ref('int_files__versioned') }} as files on orders.file_id = files.file_id
    where
        files.file_id <= {{ end_of_ledger }}
        and coalesce(files.superseded_by_file_id > {{ end_of_ledger }}, true)
        and files.file_id not in ({{ touched }})
        and (
            {{ short_key('orders.date_event_id') }} in (
                select order_times.date_event_key from order_times
                where order_times.valid_from_file_id > {{ mark }}
            )
            or {{ short_key('orders.product_id') }} in (
                select prices.product_code_key from prices
                where prices.valid_from_file_id > {{ mark }}
            )
        )

),

{% endif -%}
orders as (

    select * from lines
    {%- if is_incremental() %}
    union all
    select * from changed_lines
    {%- endif %}

),

-- The states of an order: the last of its file, and the sales that it was before.
states as (

    select
        orders.source_system,
        orders.file_id,
        orders.line_number,
        orders.logical_file,
        orders.covers,
        orders.file_business_date,
        orders.loaded_at,
        orders.record_key,
        orders.date_event_id,
        orders.customer_id,
        orders.first_name,
        orders.last_name,
        orders.store_code,
        orders.product_id,
        orders.quantity_text,
        orders.card_token,
        orders.card_last4,
        prices.product_name,
        prices.price_text,
        prices.other_money_text,
        prices.unit_price,
        order_times.sold_at_text,
        order_times.period_text,
        orders.is_current as is_file_current,
        orders.change_id as file_change_id,
        greatest(orders.file_id, order_times.valid_from_file_id, prices.valid_from_file_id)
            as started_file_id,
        least(
            case when not orders.is_current then orders.change_id end,
            order_times.valid_to_file_id,
            prices.valid_to_file_id
        ) as ended_file_id,
        coalesce(
            least(order_times.valid_to_file_id, prices.valid_to_file_id)
            < case when orders.is_current then 9223372036854775807 else orders.change_id end,
            false
        ) as is_former
    from orders
    left join order_times
        on
            {{ short_key('orders.date_event_id') }} = order_times.date_event_key
            and coalesce(orders.file_id < order_times.valid_to_file_id, true)
            and (orders.is_current or orders.change_id > order_times.valid_from_file_id)
    left join prices
        on
            {{ short_key('orders.product_id') }} = prices.product_code_key
            and coalesce(orders.file_id < prices.valid_to_file_id, true)
            and (orders.is_current or orders.change_id > prices.valid_from_file_id)

),

parsed as (

    select
        *,
        case
            when is_former or not is_file_current then ended_file_id
            else started_file_id
        end as change_id,
        is_file_current and not is_former as is_current,
        {{ parse_integer('quantity_text') }} as quantity
    from states
    where
        not is_former
        or (
            started_file_id < ended_file_id
            and price_text is not null
            and sold_at_text is not null
        )

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
