{# Incremental by branch and business date: history only grows, a night touches few days of it. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_branch_days',
        unique_key=['branch_key', 'business_date'],
        on_schema_change='fail',
        indexes=[
            {'columns': ['business_date', 'branch_key']},
        ],
        post_hook="{{ advance_high_water_mark(after=['int_branch_days__changed']) }}",
    )
}}
{%- set touched = touched_branch_days() %}

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
        line_number,
        source_system,
        branch_key,
        customer_key,
        employee_key,
        product_key,
        product_name,
        currency_code,
        quantity,
        cast(unit_price as numeric(18, 4)) as unit_price,
        cast(net_amount as numeric(18, 2)) as net_amount,
        business_date,
        sold_at_local,
        sold_at
    from sale_lines

)

select * from final
