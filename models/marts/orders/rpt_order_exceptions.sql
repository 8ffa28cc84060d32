{# Whole: orders of unknown products are few. #}
with orders as (

    select * from {{ ref('int_orders__current') }}
    where not is_product_known and order_status = 'open'

),

{{ converted('orders', ref('int_exchange_rates__ranges'), on='ordered_on') }},

final as (

    select
        order_key,
        source_system,
        branch_key,
        product_key,
        channel,
        order_number,
        branch_name,
        product_id,
        product_name,
        cast('product_unknown' as text) as exception_kind,
        currency_code,
        quantity,
        net_amount,
        {{ company_amount('net_amount') }} as net_amount_company,
        is_rate_estimated,
        ordered_on,
        changed_at
    from converted

)

select * from final
