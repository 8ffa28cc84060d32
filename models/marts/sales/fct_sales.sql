{# Incremental by branch and business date: history only grows, a night touches few days of it. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        meta={'touched_by': 'branch_day'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['business_date', 'branch_key']},
        ],
    )
}}
{%- set touched = touched('branch_day') %}

with sale_lines as (

    {% if is_incremental() -%}
    {{ look_up_branch_days(ref('int_sale_lines__unioned'), touched) }}
    {%- else -%}
    select * from {{ ref('int_sale_lines__unioned') }}
    {%- endif %}

),

final as (

    select
        transaction_id,
        item_number as line_number,
        receipt_lines,
        source_system,
        branch_key,
        customer_key,
        employee_key,
        product_key,
        product_id,
        product_name,
        {{ sales_channel() }} as channel,
        currency_code,
        {{ time_period() }} as time_period,
        quantity,
        unit_price,
        net_amount,
        business_date,
        sold_at_local,
        sold_at
    from sale_lines

)

select * from final
