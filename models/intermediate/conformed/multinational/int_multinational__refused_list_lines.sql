{#
    Every version, not only the current one: which one is current depends on the reader's high-water mark. A line is
    judged within its own version, so that a version is judged once. A line that says nothing breaks no other rule.
#}
with users as (

    select
        stg.*,
        {{ country_code('stg.country_code_text') }} as country_code,
        {{ stands_again_below('stg.customer_id', 'stg') }} as is_id_doubled
    from {{ ref('stg_multinational__users') }} as stg
    {{ evaluate_once() }}

),

users_read as (

    select
        users.*,
        phones.number as phone_number,
        {{ parse_date('users.born_on_text') }} as born_on,
        {{ parse_date('users.joined_on_text') }} as joined_on,
        {{ email_address('users.email_text') }} as email_address
    from users
    cross join lateral {{ phone_number('users.phone_text', 'users.country_code', 'phones') }}
    {{ evaluate_once() }}

),

stores as (

    select
        *,
        {{ parse_date('opened_on_text') }} as opened_on,
        {{ country_code('country_code_text') }} as country_code,
        {{ digits_of('staff_numbers_text') }} as staff_numbers,
        {{ parse_amount('latitude_text', scale=6, decimal='.') }} as latitude,
        {{ parse_amount('longitude_text', scale=6, decimal='.') }} as longitude,
        {{ stands_again_below('store_code') }} as is_id_doubled
    from {{ ref('stg_multinational__stores') }}
    {{ evaluate_once() }}

),

products as (

    select
        *,
        {{ parse_amount('price_text', scale=4, three_decimals=true) }} as price,
        {{ names_another_currency('price_text', "'GBP'") }} as is_in_other_money,
        {{ weight_in_kg('weight_text') }} as weight_kg,
        {{ parse_date('listed_on_text') }} as listed_on,
        {{ stands_again_below('product_id') }} as is_id_doubled
    from {{ ref('stg_multinational__products') }}
    {{ evaluate_once() }}

),

cards as (

    select
        *,
        {{ month_of_expiry('expiry_text') }} as expiry_month,
        {{ parse_date('confirmed_on_text') }} as confirmed_on,
        {{ stands_again_below('card_token') }} as is_id_doubled
    from {{ ref('stg_multinational__cards') }}
    {{ evaluate_once() }}

),

date_events as (

    select
        *,
        {{ parse_date('sold_at_text') }} as sold_on,
        {{ stands_again_below('date_event_id') }} as is_id_doubled
    from {{ ref('stg_multinational__date_events') }}
    {{ evaluate_once() }}

),

judged as (

    {{ judged_lines(
        'users_read',
        rules={
            'id_missing': "customer_id is null",
            'id_doubled': "is_id_doubled",
            'date_unreadable':
                "(born_on_text is not null and born_on is null)"
                ~ " or (joined_on_text is not null and joined_on is null)",
            'country_unreadable': "country_code_text is not null and country_code is null",
            'email_unreadable': "email_text is not null and email_address is null",
            'phone_unreadable': "phone_text is not null and phone_number is null",
        },
        shown=[
            'customer_id', 'first_name', 'last_name', 'born_on_text', 'email_text',
            'country_code_text', 'phone_text', 'joined_on_text'
        ],
        is_counted="customer_id is not null and not is_id_doubled",
        noise='noise'
    ) }}
    union all
    {{ judged_lines(
        'stores',
        rules={
            'id_missing': "store_code is null",
            'id_doubled': "is_id_doubled",
            'date_unreadable': "opened_on_text is not null and opened_on is null",
            'country_unreadable': "country_code_text is not null and country_code is null",
            'staff_numbers_unreadable': "staff_numbers_text is not null and staff_numbers is null",
            'coordinates_unreadable':
                "(latitude_text is not null and coalesce(abs(latitude) > 90, true))"
                ~ " or (longitude_text is not null and coalesce(abs(longitude) > 180, true))",
        },
        shown=[
            'store_code', 'address_text', 'latitude_text', 'longitude_text', 'staff_numbers_text',
            'opened_on_text', 'country_code_text'
        ],
        is_counted="store_code is not null and not is_id_doubled",
        noise='noise'
    ) }}
    union all
    {{ judged_lines(
        'products',
        rules={
            'id_missing': "product_id is null",
            'id_doubled': "is_id_doubled",
            'price_unreadable': "price_text is not null and price is null",
            'price_negative': "price < 0",
            'price_in_another_currency': "is_in_other_money",
            'weight_unreadable': "weight_text is not null and weight_kg is null",
            'date_unreadable': "listed_on_text is not null and listed_on is null",
        },
        shown=['product_id', 'product_name', 'price_text', 'weight_text', 'listed_on_text'],
        is_counted="product_id is not null and not is_id_doubled",
        noise='noise'
    ) }}
    union all
    {{ judged_lines(
        'cards',
        rules={
            'id_missing': "card_token is null and card_unreadable is null",
            'card_unreadable': "card_token is null and card_unreadable is not null",
            'id_doubled': "is_id_doubled",
            'expiry_unreadable': "expiry_text is not null and expiry_month is null",
            'date_unreadable': "confirmed_on_text is not null and confirmed_on is null",
        },
        shown=['card_unreadable', 'card_provider', 'expiry_text', 'confirmed_on_text'],
        is_counted="card_token is not null and not is_id_doubled",
        noise='noise'
    ) }}
    union all
    {{ judged_lines(
        'date_events',
        rules={
            'id_missing': "date_event_id is null",
            'id_doubled': "is_id_doubled",
            'date_unreadable': "sold_on is null",
        },
        shown=['date_event_id', 'year_text', 'month_text', 'day_text', 'clock_text', 'period_text'],
        is_counted="date_event_id is not null and not is_id_doubled",
        noise='noise'
    ) }}

)

{{ conform('refused_list_lines', from='judged') }}
where reject_reasons is not null
