{# Incremental by order: history only grows, a night touches few orders. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='order_key',
        meta={'touched_by': 'rated_order', 'data_lag': {'fct_order_changes': ['orders']}},
        on_schema_change='fail',
    )
}}
{%- set touched = touched('rated_order') %}

with order_changes as (

    {% if is_incremental() -%}
    {{ look_up(ref('int_order_changes__unioned'), touched, 'found.order_key = wanted.order_key') }}
    {%- else -%}
    select * from {{ ref('int_order_changes__unioned') }}
    {%- endif %}

),

events as (

    select * from order_changes
    where is_current

),

-- In the order in which they count (macros/conforming/order_events.sql).
followed as (

    select
        *,
        row_number() over events_before as change_number,
        lag(order_mode) over events_before as previous_order_mode,
        lag(customer_key) over events_before as previous_customer_key,
        lag(product_key) over events_before as previous_product_key,
        lag(currency_code) over events_before as previous_currency_code,
        lag(quantity) over events_before as previous_quantity,
        lag(unit_price) over events_before as previous_unit_price,
        lag(net_amount) over events_before as previous_net_amount,
        lag(ordered_on) over events_before as previous_ordered_on
    from events
    window
        events_before as (
            partition by order_key
            order by changed_at, {{ place_of_mode() }}, file_id, line_number
        )

),

{{ converted('followed', ref('int_exchange_rates__ranges'), on='ordered_on') }},

final as (

    select
        order_key,
        cast(change_number as integer) as change_number,
        source_system,
        branch_key,
        customer_key,
        product_key,
        channel,
        order_number,
        order_mode,
        branch_name,
        product_id,
        product_name,
        currency_code,
        previous_currency_code,
        case
            when change_number > 1 and order_mode <> 'DELETE'
                then {{ named_reasons({
                    'deletion': "previous_order_mode = 'DELETE'",
                    'customer': 'customer_key is distinct from previous_customer_key',
                    'product': 'product_key is distinct from previous_product_key',
                    'currency': 'currency_code is distinct from previous_currency_code',
                    'quantity': 'quantity is distinct from previous_quantity',
                    'price': 'unit_price is distinct from previous_unit_price',
                    'date': 'ordered_on is distinct from previous_ordered_on',
                }) | indent(16) }}
        end as changed_values,
        quantity,
        previous_quantity,
        unit_price,
        previous_unit_price,
        net_amount,
        previous_net_amount,
        {{ company_amount('net_amount') }} as net_amount_company,
        is_latest,
        is_product_known,
        is_rate_estimated,
        ordered_on,
        previous_ordered_on,
        changed_at
    from converted

)

select * from final
