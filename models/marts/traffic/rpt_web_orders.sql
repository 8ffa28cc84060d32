{# Incremental by branch and business date: history only grows, a run touches few days of it. #}
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
    {{ look_up_branch_days(ref('fct_transactions'), touched) }}
    {%- else -%}
    select * from {{ ref('fct_transactions') }}
    {%- endif %}

),

-- Of web sites whose requests are known.
web_orders as (

    select
        *,
        coalesce({{ country_named('country') }}, 'ZZ') as country_code
    from transactions
    where channel = 'online' and {{ is_source_with('page_requests') }}

),

final as (

    select
        branch_key,
        source_system,
        branch_name,
        country_code,
        cast(sum(case when is_return then 0 else 1 end) as integer) as orders,
        cast(
            sum(case when is_return or net_amount_company is null then 0 else 1 end) as integer
        ) as valued_orders,
        cast(coalesce(sum(net_amount_company), 0) as numeric(20, 6)) as net_sales_company,
        cast(
            coalesce(
                sum(case when not is_return then net_amount_company * net_amount_company end), 0
            ) as numeric(38, 12)
        ) as squared_sales_company,
        business_date
    from web_orders
    group by branch_key, source_system, branch_name, country_code, business_date

)

select * from final
