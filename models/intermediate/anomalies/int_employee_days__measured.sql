{# Incremental by branch and business date: a night touches few days. #}
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

with transactions as (

    {% if is_incremental() -%}
    {{ look_up_branch_days(ref('int_transactions__unioned'), touched) }}
    {%- else -%}
    select * from {{ ref('int_transactions__unioned') }}
    {%- endif %}

),

sales as (

    select * from transactions
    where is_sale and employee_key is not null

),

final as (

    select
        employee_key,
        branch_key,
        source_system,
        currency_code,
        count(*) as receipts,
        sum(case when net_amount < 0 then 1 else 0 end) as refunds,
        cast(sum(items_sold) as bigint) as items_sold,
        cast(sum(net_amount) as numeric(18, 2)) as net_amount,
        cast(sum(1.0 * items_sold * items_sold) as numeric(38, 4)) as squared_items,
        cast(sum(net_amount * net_amount) as numeric(38, 4)) as squared_amounts,
        business_date
    from sales
    group by employee_key, branch_key, source_system, currency_code, business_date

)

select * from final
