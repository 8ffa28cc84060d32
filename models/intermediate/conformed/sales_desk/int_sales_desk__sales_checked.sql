{# Incremental so that a line is parsed once, when it is loaded: several later models read it. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file', 'feed': 'sales_desk_sales'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['business_date', 'branch_key']},
            {'columns': ['customer_key']},
            {'columns': ['change_id']},
            {'columns': ['record_key']},
        ],
    )
}}
{%- set columns = [
    'transaction_id', 'file_id', 'line_number', 'change_id', 'counted_in_file_id', 'source_system',
    'record_key', 'branch_key', 'branch_name', 'customer_key', 'customer_id',
    'customer_identified_by', 'employee_key', 'employee_id', 'product_key', 'product_name',
    'payment_method', 'currency_code', 'covers', 'reject_reasons', 'refused_text', 'quality_flags',
    'quantity', 'unit_price', 'net_amount', 'is_current', 'is_sale', 'business_date',
    'file_business_date', 'sold_at_local', 'sold_at',
] %}

with versioned as (

    {{ touched_versions(ref('int_sales_desk__sales_parsed')) }}

),

dated as (

    {{ dated_lines(
        from='versioned',
        text='sold_on_text',
        counted='(' ~ touched_lines(ref('stg_sales_desk__sales')) ~ ')',
        of_days=true
    ) | indent(4) }}

),

-- The sales desk gives days only; text behind the day is ignored.
identified as (

    select
        *,
        cast(sold_at_local as date) as business_date,
        case when customer_id is null then 'unknown' else 'number' end as customer_identified_by,
        {{ is_cash_rounding('total_amount', 'round(quantity * unit_price, 2)') }}
            as is_cash_rounded,
        {{ names_another_currency(
            "concat_ws(' | ', unit_price_text, total_text)", 'currency_code'
        ) }} as is_in_another_currency
    from dated

),

checked as (

    select
        *,
        {{ named_reasons({
            'branch_missing': "branch_name is null",
            'timestamp_unreadable': "business_date is null and not is_date_order_unclear",
            'date_order_unclear': "is_date_order_unclear",
            'date_out_of_range':
                "business_date < cast('" ~ var('calendar_start') ~ "' as date)"
                ~ " or business_date > cast('" ~ var('calendar_end') ~ "' as date)",
            'product_missing': "product_name is null",
            'quantity_unreadable': "quantity is null or quantity = 0",
            'unit_price_unreadable': "unit_price is null",
            'total_unreadable': "total_amount is null",
            'currency_differs_from_branch': "is_in_another_currency",
        }) }} as reject_reasons,
        {{ named_reasons({
            'customer_missing': "customer_id is null",
            'employee_missing': "employee_id is null",
            'payment_method_unknown': "payment_method not in ('CASH', 'CARD')",
            'total_not_positive': "total_amount <= 0",
            'total_differs_from_price':
                "total_amount <> round(quantity * unit_price, 2) and not is_cash_rounded",
            'cash_rounded': "is_cash_rounded",
            'dated_after_delivery': dated_after_delivery('business_date', 'loaded_at'),
        }) }} as quality_flags
    from identified
    {{ evaluate_once() }}

),

judged as (

    select
        {{ transaction_id() }} as transaction_id,
        file_id,
        line_number,
        change_id,
        cast(null as bigint) as counted_in_file_id,
        source_system,
        record_key,
        {{ branch_key() }} as branch_key,
        branch_name,
        {{ customer_key('customer_identified_by', "coalesce(customer_id, 'unknown')") }}
            as customer_key,
        customer_id,
        customer_identified_by,
        {{ employee_key() }} as employee_key,
        employee_id,
        {{ product_key() }} as product_key,
        product_name,
        case when payment_method in ('CASH', 'CARD') then payment_method else 'OTHER' end
            as payment_method,
        currency_code,
        covers,
        reject_reasons,
        case
            when reject_reasons is not null
                then concat_ws(
                    ' | ',
                    sold_on_text,
                    branch_name,
                    product_name,
                    unit_price_text,
                    quantity_text,
                    total_text
                )
        end as refused_text,
        quality_flags,
        quantity,
        cast(unit_price as numeric(18, 4)) as unit_price,
        cast(total_amount as numeric(18, 2)) as net_amount,
        is_current,
        is_current and reject_reasons is null as is_sale,
        business_date,
        file_business_date,
        cast(business_date as timestamp) as sold_at_local,
        {{ local_to_utc('cast(business_date as timestamp)', 'time_zone') }} as sold_at
    from checked

),

{{ counted_once(
    'judged',
    columns,
    same=[
        'customer_key', 'employee_key', 'product_key', 'payment_method', 'quantity', 'unit_price',
        'net_amount',
    ],
    line_text="concat_ws(' | ', cast(business_date as text), branch_name, product_name,"
    ~ " cast(unit_price as text), cast(quantity as text), cast(net_amount as text))",
) }}
