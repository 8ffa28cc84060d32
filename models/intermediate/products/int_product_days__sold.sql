{# Incremental by branch and business date: a night touches few of them. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_branch_days',
        unique_key=['branch_key', 'business_date'],
        on_schema_change='fail',
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
        product_key,
        branch_key,
        source_system,
        product_name,
        branch_name,
        currency_code,
        sum(quantity) as quantity,
        sum(net_amount) as net_amount,
        count(distinct transaction_id) as transactions,
        business_date
    from sale_lines
    group by
        product_key,
        branch_key,
        source_system,
        product_name,
        branch_name,
        currency_code,
        business_date

)

select * from final
