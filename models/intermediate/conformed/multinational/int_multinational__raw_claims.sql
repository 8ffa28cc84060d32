{#
    What a line of the orders is worth by its own text and the price that the list has now, as of the last build, like
    the facts; nothing if that price is negative. Apart from the prices, it depends on no model that counts orders.
#}
with orders as (

    select * from {{ ref('stg_multinational__orders') }}

),

prices as (

    select
        product_code_key,
        {{ parse_amount('price_text', scale=4, three_decimals=true) }} as price
    from {{ ref('int_multinational__product_prices') }}
    where valid_to_file_id is null
    {{ evaluate_once() }}

),

priced as (

    select
        orders.source_system,
        orders.file_id,
        orders.line_number,
        orders.quantity_text,
        prices.price
    from orders
    left join prices on {{ short_key('orders.product_id') }} = prices.product_code_key

)

{{ conform(
    'raw_claims',
    from='priced',
    expressions={
        'claimed_amount':
            'case when price >= 0 then round(' ~ parse_integer('quantity_text') ~ ' * price, 2) end',
    }
) }}
