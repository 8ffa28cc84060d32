{#
    Every version, not only the current one: which one is current depends on the reader's high-water mark. A line is
    judged within its own version. Values are parsed in lateral subqueries, so that a night reads its own files only.
#}
with items as (

    select
        stg.*,
        amounts.price,
        amounts.cost,
        {{ stands_again_below('stg.product_id', 'stg') }} as is_id_doubled
    from {{ ref('stg_retail360__items') }} as stg
    -- A lateral subquery cannot be a CTE: it reads the row it is joined to.
    cross join lateral ( -- noqa: ST05
        select
            {{ parse_amount('stg.list_price_text', scale=4, decimal='.') }} as price,
            {{ parse_amount('stg.unit_cost_text', scale=4, decimal='.') }} as cost
        {{ evaluate_once() }}
    ) as amounts

),

item_types as (

    select
        *,
        {{ stands_again_below('product_type_id') }} as is_id_doubled
    from {{ ref('stg_retail360__itemtypes') }}

),

card_types as (

    select
        *,
        {{ stands_again_below('card_type_id') }} as is_id_doubled
    from {{ ref('stg_retail360__creditcardstypes') }}

),

payments as (

    select
        stg.*,
        {{ parse_amount('stg.amount_text', decimal='.') }} as amount,
        stg.sequence_text is not null
        and {{ stands_again_below(
            "concat_ws('/', stg.document_number, stg.sequence_text)", 'stg'
        ) }} as is_id_doubled
    from {{ ref('stg_retail360__receiptlines') }} as stg

),

people as (

    select
        *,
        {{ stands_again_below('employee_id') }} as is_id_doubled
    from {{ ref('stg_retail360__employeesselection_byentrance') }}

),

stock_lines as (

    select
        stg.*,
        stock.is_unreadable,
        {{ stands_again_below('stg.product_id', 'stg') }} as is_id_doubled
    from {{ ref('stg_retail360__inventory') }} as stg
    cross join lateral {{ values_of_stock('stg', 'stock') }}
    where {{ is_own_stock('stg') }}

),

punches as (

    select
        stg.*,
        {{ named_reasons(rules_of_punches('stg', 'punches')) }} as broken_rules,
        {{ stands_again_below('stg.record_key', 'stg') }} as is_id_doubled
    from {{ ref('stg_retail360__employeesattendance') }} as stg
    cross join lateral {{ values_of_punch('stg', 'punches') }}
    where punches.is_other_movement is not true

),

judged as (

    {{ judged_lines(
        'items',
        rules={
            'id_missing': "product_id is null",
            'id_doubled': "is_id_doubled",
            'price_unreadable': "list_price_text is not null and price is null",
            'price_negative': "price < 0",
            'cost_unreadable': "unit_cost_text is not null and cost is null",
            'cost_negative': "cost < 0",
        },
        shown=['product_id', 'product_name', 'unit_cost_text', 'list_price_text'],
        is_counted="product_id is not null and not is_id_doubled"
    ) }}
    union all
    {{ judged_lines(
        'item_types',
        rules={
            'id_missing': "product_type_id is null",
            'id_doubled': "is_id_doubled",
        },
        shown=['product_type_id', 'category']
    ) }}
    union all
    {{ judged_lines(
        'card_types',
        rules={
            'id_missing': "card_type_id is null",
            'id_doubled': "is_id_doubled",
        },
        shown=['card_type_id', 'card_type']
    ) }}
    union all
    {{ judged_lines(
        'payments',
        rules={
            'id_missing': "document_number is null",
            'id_doubled': "is_id_doubled",
            'amount_unreadable': "amount_text is not null and amount is null",
        },
        shown=['document_number', 'payment_type_text', 'amount_text', 'settlement_text'],
        is_counted="document_number is not null and not is_id_doubled"
    ) }}
    union all
    {{ judged_lines(
        'people',
        rules={
            'id_missing': "employee_id is null",
            'id_doubled': "is_id_doubled",
        },
        shown=['employee_id', 'coalesce(full_name, short_name)']
    ) }}
    union all
    {{ judged_lines(
        'stock_lines',
        rules={
            'id_missing': "product_id is null",
            'id_doubled': "is_id_doubled",
            'quantity_unreadable': "is_unreadable",
        },
        shown=['product_id', 'recorded_quantity_text', 'counted_quantity_text']
    ) }}
    union all
    select
        file_id,
        line_number,
        source_system,
        nullif(
            concat_ws(', ', broken_rules, case when is_id_doubled then 'id_doubled' end), ''
        ) as reject_reasons,
        concat_ws(
            ' | ',
            employee_id,
            business_date_text,
            punched_at_seconds_text,
            movement_type_text
        ) as refused_text,
        false as is_counted
    from punches

)

{{ conform('refused_list_lines', from='judged') }}
where reject_reasons is not null
