{# A view, because amounts are converted by rates that may change later; what it reads is stored. #}
{{ config(materialized='view', meta={'touched_by': 'cancelled_product_day'}) }}

with cancellations as (

    select * from {{ ref('int_order_cancellations__judged') }}

),

{{ converted('cancellations', ref('int_exchange_rates__ranges'), on='ordered_on') }},

final as (

    select
        order_key,
        source_system,
        branch_key,
        branch_name,
        product_key,
        channel,
        order_number,
        product_id,
        product_name,
        currency_code,
        quantity,
        net_amount,
        {{ company_amount('net_amount') }} as net_amount_company,
        on_hand_quantity,
        claimed_quantity,
        available_quantity,
        is_before_shipment,
        on_hand_quantity is not null as is_stock_known,
        is_for_lack_of_stock,
        is_rate_estimated,
        ordered_on,
        cancelled_on,
        list_date
    from converted

)

select * from final
