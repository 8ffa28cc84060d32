{# Incremental by branch and business date: a night touches few of them. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key=['branch_key', 'business_date'],
        meta={'touched_by': 'branch_day'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['branch_key', 'weekday_number']},
        ],
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
    where is_sale and is_time_known

),

{{ converted('sales', ref('int_exchange_rates__ranges')) }},

valued as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        items_sold,
        net_amount,
        {{ company_amount('net_amount') }} as net_amount_company,
        business_date,
        sold_at_local
    from converted
    {{ evaluate_once() }}

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        currency_code,
        {{ weekday_number('business_date') }} as weekday_number,
        cast(extract(hour from sold_at_local) as integer) as hour_of_day,
        count(*) as transactions,
        cast(sum(items_sold) as bigint) as items_sold,
        sum(net_amount) as net_amount,
        cast(sum(net_amount_company) as numeric(38, 6)) as net_amount_company,
        {{ returns_of() }},
        cast({{ returned_company_amount() }} as numeric(38, 6)) as returned_amount_company,
        business_date
    from valued
    group by
        branch_key,
        source_system,
        branch_name,
        currency_code,
        business_date,
        cast(extract(hour from sold_at_local) as integer)

)

select * from final
