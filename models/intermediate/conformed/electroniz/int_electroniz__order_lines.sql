{# Plain selects, so that PostgreSQL pushes a filter by file down to the raw tables. #}
select
    file_id,
    line_number,
    source_system,
    channel,
    order_number,
    order_mode,
    customer_id,
    cast(null as text) as customer_name,
    cast(null as text) as email_text,
    cast(null as text) as country_text,
    product_id,
    cast(null as text) as product_name,
    {{ short_key("'code/' || product_id") }} as reference_key,
    quantity_text,
    price_text,
    currency_text,
    ordered_on_text,
    changed_at_text,
    loaded_at
from {{ ref('stg_electroniz__store_orders') }}
union all
select
    file_id,
    line_number,
    source_system,
    channel,
    order_number,
    order_mode,
    cast(null as text) as customer_id,
    customer_name,
    email_text,
    country_text,
    cast(null as text) as product_id,
    product_name,
    {{ short_key("'name/' || " ~ normalize_name('product_name', is_plain=true)) }} as reference_key,
    '1' as quantity_text,
    price_text,
    currency_text,
    ordered_on_text,
    changed_at_text,
    loaded_at
from {{ ref('stg_electroniz__web_orders') }}
