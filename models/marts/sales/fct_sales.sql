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

taxed_branches as (

    select * from {{ ref('int_branches__taxed') }}

),

vat_rates as (

    select * from {{ ref('int_vat_rates__dated') }}

),

{{ taxed('sale_lines') }},

{{ converted('taxed', ref('int_exchange_rates__ranges')) }},

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
        cast(coalesce(measured_quantity, quantity) as numeric(18, 3)) as measured_quantity,
        unit_price,
        net_amount,
        net_amount as gross_amount,
        vat_rate_percent,
        cast(net_amount - net_of_vat_amount as numeric(18, 2)) as vat_amount,
        net_of_vat_amount,
        {{ company_amount('net_amount') }} as net_amount_company,
        is_return,
        is_rate_estimated,
        business_date,
        sold_at_local,
        sold_at
    from converted

)

select * from final
