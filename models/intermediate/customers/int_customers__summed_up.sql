{#
    Incremental because history only grows. A customer's state is two receipts, the first and the last; new receipts
    are merged into it. All receipts are read again only for customers who may have lost one to a corrected file.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='customer_key',
        meta={'touched_by': 'customer'},
        on_schema_change='fail',
    )
}}
{%- set mark = high_water_mark() %}

with {{ customer_sales(ref('int_transactions__unioned'), mark) }},

{% if is_incremental() -%}
-- Also customers with only a new rejected line: every changed customer's row is replaced.
known as (

    select known.* from {{ this }} as known
    where
        known.customer_key in (select changed_transactions.customer_key from changed_transactions)
        and {{ is_not_bereft('known') | indent(8) }}

),

{%- endif %}
receipts as (

    select
        customer_key,
        transaction_id,
        source_system,
        branch_key,
        customer_id,
        customer_identified_by,
        customer_name,
        card_last4,
        line_number,
        1 as purchases,
        business_date,
        business_date as earliest_date,
        business_date as latest_date,
        sold_at
    from sales
    {% if is_incremental() -%}
    union all
    select
        customer_key,
        first_transaction_id as transaction_id,
        source_system,
        first_branch_key as branch_key,
        customer_id,
        customer_identified_by,
        cast(null as text) as customer_name,
        cast(null as text) as card_last4,
        first_line_number as line_number,
        purchases,
        first_business_date as business_date,
        first_purchase_date as earliest_date,
        last_purchase_date as latest_date,
        first_sold_at as sold_at
    from known
    union all
    select
        customer_key,
        last_transaction_id as transaction_id,
        source_system,
        last_branch_key as branch_key,
        customer_id,
        customer_identified_by,
        last_customer_name as customer_name,
        last_card_last4 as card_last4,
        last_line_number as line_number,
        0 as purchases,
        cast(null as date) as business_date,
        first_purchase_date as earliest_date,
        last_purchase_date as latest_date,
        last_sold_at as sold_at
    from known
    {%- endif %}

),

-- Receipts of the same minute are ordered by line number, then by transaction id, so that a rebuild
-- gives the same order. A customer with one known receipt has it twice: its count is read from the
-- first, its name from the last.
numbered as (

    select
        *,
        row_number() over (
            partition by customer_key
            order by sold_at asc, line_number asc, transaction_id asc, purchases desc
        ) as receipt_number,
        count(*) over (partition by customer_key) as receipts
    from receipts

),

final as (

    select
        customer_key,
        max(case when receipt_number = 1 then transaction_id end) as first_transaction_id,
        max(case when receipt_number = receipts then transaction_id end) as last_transaction_id,
        source_system,
        max(case when receipt_number = 1 then branch_key end) as first_branch_key,
        max(case when receipt_number = receipts then branch_key end) as last_branch_key,
        customer_id,
        customer_identified_by,
        max(case when receipt_number = receipts then customer_name end) as last_customer_name,
        max(case when receipt_number = receipts then card_last4 end) as last_card_last4,
        max(case when receipt_number = 1 then line_number end) as first_line_number,
        max(case when receipt_number = receipts then line_number end) as last_line_number,
        cast(sum(purchases) as integer) as purchases,
        max(case when receipt_number = 1 then business_date end) as first_business_date,
        min(earliest_date) as first_purchase_date,
        max(latest_date) as last_purchase_date,
        min(sold_at) as first_sold_at,
        max(sold_at) as last_sold_at
    from numbered
    group by customer_key, source_system, customer_id, customer_identified_by

)

select * from final
