{#
    Incremental so that an event is parsed once, when it is loaded, or when the list of products changes what it is of.
    A new event restates the others of its order, whatever file they are in.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file'},
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
{%- set product_references = ref('int_electroniz__product_references') %}
{%- set are_products_changed = is_history_changed(product_references) %}

with product_references as (

    select * from {{ product_references }}
    where valid_to_file_id is null

),

touched_lines as (

    {{ touched_lines(ref('int_electroniz__order_lines')) }}

),

{% if are_products_changed -%}
-- Orders in other files, of products that the list has changed.
changed_lines as (

    {% set is_changed -%}
        lines.reference_key in (
            select changed.reference_key from product_references as changed
            where changed.valid_from_file_id > {{ mark }}
        )
    {%- endset -%}
    {{ lines_of_untouched_files(ref('int_electroniz__order_lines'), is_changed) }}

),

{% endif -%}
lines as (

    select * from touched_lines
    {%- if are_products_changed %}
    union all
    select * from changed_lines
    {%- endif %}

),

-- Each day is parsed once. The stores write the month first, the web shop the day.
day_texts as (

    select distinct
        channel,
        ordered_on_text
    from lines
    where ordered_on_text is not null

),

days as (

    select
        day_texts.channel,
        day_texts.ordered_on_text,
        case
            when readings.is_year_short then null
            when day_texts.channel = 'store' then cast(readings.month_first_at as date)
            else cast(readings.day_first_at as date)
        end as ordered_on
    from day_texts
    cross join lateral {{ date_readings('day_texts.ordered_on_text', 'readings') }}
    {{ evaluate_once() }}

),

parsed as (

    select
        lines.*,
        days.ordered_on,
        product_references.product_id as listed_product_id,
        product_references.product_name as listed_product_name,
        product_references.valid_from_file_id as product_file_id,
        coalesce({{ currency_code('lines.currency_text') }}, upper(lines.currency_text))
            as currency,
        {{ parse_integer('lines.quantity_text', decimal='.') }} as quantity,
        {{ parse_amount('lines.price_text', scale=4, decimal='.') }} as unit_price,
        {{ parse_moment('lines.changed_at_text', "'UTC'") }} at time zone 'UTC' as changed_at
    from lines
    left join days
        on
            lines.channel = days.channel
            and lines.ordered_on_text = days.ordered_on_text
    left join product_references
        on lines.reference_key = product_references.reference_key
    {{ evaluate_once() }}

),

-- The list of products decides what an order is of, so its file is the one that changed the order.
identified as (

    select
        source_system,
        file_id,
        line_number,
        logical_file,
        covers,
        file_business_date,
        loaded_at,
        is_current,
        channel,
        order_number,
        order_mode,
        customer_id,
        customer_name,
        email_text,
        country_text,
        currency,
        currency_text,
        quantity_text,
        price_text,
        ordered_on_text,
        quantity,
        unit_price,
        ordered_on,
        changed_at,
        case when is_current then greatest(change_id, product_file_id) else change_id end
            as change_id,
        coalesce(listed_product_id, product_id) as product_id,
        coalesce(
            listed_product_name,
            {{ normalize_name('product_name', is_plain=true) }},
            listed_product_id,
            product_id
        ) as product_name,
        listed_product_id is not null as is_product_known
    from parsed

),

{{ receipt_lines(
    from='identified',
    expressions={
        'record_key': order_key(),
        'receipt_number': 'order_number',
        'branch_name':
            "case when channel = 'store' then 'Stores ' else 'Web shop ' end || currency",
        'currency_code': 'currency',
        'net_amount': 'round(quantity * unit_price, 2)',
        'money_text': 'price_text',
        'sold_at_text': 'cast(ordered_on as text)',
        'is_time_known': 'false',
        'country': country_named('country_text'),
        'customer_email': email_address('email_text'),
        'quality_flags': named_reasons({'product_unknown': 'not is_product_known'}),
        'line_text':
            "concat_ws(' | ', order_number, order_mode, ordered_on_text, product_name, quantity_text"
            ~ ", price_text, currency_text)",
    },
    lacks=['employee_id', 'payment_method', 'card_last4', 'reject_reasons'],
    adds=['order_mode', 'is_product_known', 'changed_at'],
    one_line_each=true,
    rejudged=true,
    iso_times=true,
    events=true
) }}
