{# Incremental by branch and business date: a night touches few of them. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        meta={'touched_by': 'branch_day'},
        on_schema_change='fail',
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

{{ converted('sale_lines', ref('int_exchange_rates__ranges')) }},

valued as (

    select
        transaction_id,
        item_number,
        receipt_lines,
        product_key,
        branch_key,
        source_system,
        product_id,
        product_name,
        branch_name,
        currency_code,
        quantity,
        measured_quantity,
        net_amount,
        {{ company_amount('net_amount') }} as net_amount_company,
        is_return,
        is_rate_estimated,
        business_date
    from converted
    {{ evaluate_once() }}

),

-- The receipts of a group are sorted to be counted: few and short columns in `group by`, the date
-- first, halve the cost. Source, name and currency are the branch's.
final as (

    select
        product_key,
        branch_key,
        max(source_system) as source_system,
        max(product_id) as product_id,
        max(product_name) as product_name,
        max(branch_name) as branch_name,
        max(currency_code) as currency_code,
        sum(quantity) as quantity,
        sum(net_amount) as net_amount,
        cast(sum(net_amount_company) as numeric(38, 6)) as net_amount_company,
        {{ returned_products_of() }},
        cast({{ returned_company_amount('is_return') }} as numeric(38, 6))
            as returned_amount_company,
        -- What was sold, whatever was returned: the weight or length of goods that are measured.
        cast(
            coalesce(
                sum(coalesce(measured_quantity, quantity)) filter (where not is_return), 0
            ) as numeric(18, 3)
        ) as sold_quantity,
        count(distinct transaction_id) as transactions,
        count(distinct transaction_id) filter (
            where receipt_lines <= {{ var('basket_pair_max_lines') }}
        ) as paired_transactions,
        -- Each at the product that stands on it first.
        count(*) filter (
            where receipt_lines > {{ var('basket_pair_max_lines') }} and item_number = 1
        ) as long_transactions,
        {{ dbt.bool_or('is_rate_estimated') }} as is_rate_estimated,
        business_date
    from valued
    group by business_date, branch_key, product_key

)

select * from final
