{#
    Every version, not only the current one: which one is current depends on the reader's high-water mark. A line is
    judged within its own version, so that a version is judged once. Nothing is evaluated before the reader's condition on
    files, or each run would parse the lists of all files.
#}
with products as (

    select
        *,
        {{ parse_moment('changed_at_text', "'UTC'") }} as updated_at,
        {{ stands_again_below('product_id') }} as is_id_doubled
    from {{ ref('stg_electroniz__products') }}

),

customers as (

    select
        stg.*,
        {{ country_named('stg.country_text') }} as country_code,
        {{ parse_moment('stg.changed_at_text', "'UTC'") }} as updated_at,
        {{ email_address('stg.email_text') }} as email_address,
        {{ stands_again_below('stg.customer_id', 'stg') }} as is_id_doubled
    from {{ ref('stg_electroniz__store_customers') }} as stg

),

rates as (

    select
        *,
        {{ currency_code('from_currency_text') }} as from_currency_code,
        {{ currency_code('to_currency_text') }} as to_currency_code,
        {{ parse_rate('rate_text') }} as rate,
        {{ parse_moment('stated_at_text', "'UTC'") }} as stated_at,
        {{ stands_again_below("concat_ws('/', from_currency_text, to_currency_text)") }}
            as is_id_doubled
    from {{ ref('stg_electroniz__exchange_rates') }}

),

traffic_lines as (

    select * from {{ ref('int_electroniz__traffic_lines_refused') }}

),

stock_lines as (

    select
        stock_lines.file_id,
        stock_lines.line_number,
        stock_lines.source_system,
        case
            when stock_lines.reject_reasons is not null then stock_lines.reject_reasons
            when product_references.reference_key is null then 'product_unmapped'
        end as reject_reasons,
        stock_lines.stated_text as refused_text
    from {{ ref('int_electroniz__stock_lines') }} as stock_lines
    left join {{ ref('int_electroniz__product_references') }} as product_references
        on
            stock_lines.reference_key = product_references.reference_key
            and product_references.valid_to_file_id is null
            and product_references.product_id is not null

),

shipment_lines as (

    select * from {{ ref('int_electroniz__shipment_lines') }}
    where reject_reasons is not null or field_reasons is not null

),

judged as (

    {{ judged_lines(
        'products',
        rules={
            'id_missing': "product_id is null",
            'id_doubled': "is_id_doubled",
            'date_unreadable': "changed_at_text is not null and updated_at is null",
        },
        shown=['product_id', 'product_name', 'category', 'changed_at_text'],
        is_counted="product_id is not null and not is_id_doubled"
    ) }}
    union all
    {{ judged_lines(
        'customers',
        rules={
            'id_missing': "customer_id is null",
            'id_doubled': "is_id_doubled",
            'country_unreadable': "country_text is not null and country_code is null",
            'email_unreadable': "email_text is not null and email_address is null",
            'card_unreadable': "card_token is null and card_unreadable is not null",
            'date_unreadable': "changed_at_text is not null and updated_at is null",
        },
        shown=[
            'customer_id', 'full_name', 'country_text', 'email_text', 'card_unreadable',
            'changed_at_text'
        ],
        is_counted="customer_id is not null and not is_id_doubled"
    ) }}
    union all
    {{ judged_lines(
        'rates',
        rules={
            'currency_unreadable': "from_currency_code is null or to_currency_code is null",
            'rate_unreadable': "rate is null or rate <= 0",
            'id_doubled': "is_id_doubled",
            'date_unreadable': "stated_at_text is not null and stated_at is null",
        },
        shown=['from_currency_text', 'to_currency_text', 'rate_text', 'stated_at_text'],
        is_counted="from_currency_code is not null and to_currency_code is not null"
            ~ " and coalesce(rate > 0, false) and not is_id_doubled"
    ) }}
    union all
    select
        file_id,
        line_number,
        source_system,
        reject_reasons,
        refused_text,
        is_counted
    from traffic_lines
    union all
    select
        file_id,
        line_number,
        source_system,
        reject_reasons,
        refused_text,
        false as is_counted
    from stock_lines
    union all
    select
        file_id,
        line_number,
        source_system,
        nullif(concat_ws(', ', reject_reasons, field_reasons), '') as reject_reasons,
        refused_text,
        reject_reasons is null as is_counted
    from shipment_lines

)

{{ conform('refused_list_lines', from='judged') }}
where reject_reasons is not null
