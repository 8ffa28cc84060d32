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
    where is_sale

),

{{ converted('sales', ref('int_exchange_rates__ranges')) }},

valued as (

    select
        branch_key,
        source_system,
        file_id,
        channel,
        currency_code,
        items_sold,
        net_amount,
        {{ company_amount('net_amount') }} as net_amount_company,
        is_time_known,
        is_rate_estimated,
        business_date,
        sold_at_local
    from converted
    {{ evaluate_once() }}

),

files as (

    select * from {{ ref('stg_ingest__files') }}

),

-- By file first: there are few, so each file's dates are worked out once.
file_days as (

    select
        branch_key,
        source_system,
        file_id,
        currency_code,
        count(*) as receipts,
        sum(case when net_amount < 0 then 1 else 0 end) as refunds,
        sum(items_sold) as items_sold,
        sum(net_amount) as net_amount,
        sum(case when net_amount < 0 then -net_amount else 0 end) as refunded_amount,
        sum(net_amount_company) as net_amount_company,
        {{ returned_company_amount() }} as refunded_amount_company,
        sum(1.0 * items_sold * items_sold) as squared_items,
        sum(net_amount * net_amount) as squared_amounts,
        count(*) filter (where {{ sales_channel() }} = 'online') as online_receipts,
        sum(items_sold) filter (where {{ sales_channel() }} = 'online') as online_items_sold,
        sum(net_amount) filter (where {{ sales_channel() }} = 'online') as online_net_amount,
        count(*) filter (
            where net_amount < 0 and {{ sales_channel() }} = 'online'
        ) as online_refunds,
        -sum(net_amount) filter (
            where net_amount < 0 and {{ sales_channel() }} = 'online'
        ) as online_refunded_amount,
        sum(
            case
                when {{ sales_channel() }} = 'online' then net_amount_company
                else 0 * net_amount_company
            end
        ) as online_net_amount_company,
        sum(
            case
                when net_amount < 0 and {{ sales_channel() }} = 'online' then -net_amount_company
                else 0 * net_amount_company
            end
        ) as online_refunded_amount_company,
        count(*) filter (where is_time_known) as timed_receipts,
        {{ dbt.bool_or('is_rate_estimated') }} as is_rate_estimated,
        business_date,
        min(sold_at_local) filter (where is_time_known) as first_sold_at_local,
        max(sold_at_local) filter (where is_time_known) as last_sold_at_local
    from valued
    group by branch_key, source_system, file_id, currency_code, business_date

),

dated_file_days as (

    select
        file_days.*,
        abs({{ days_between('files.file_business_date', 'file_days.business_date') }})
            as days_off_file_name,
        coalesce(
            {{ days_between('files.file_business_date', 'file_days.business_date') }}
            > {{ var('credible_file_days') }},
            false
        )
        or {{ dated_after_delivery('file_days.business_date', 'files.loaded_at') }}
            as is_after_file,
        {{ days_between('file_days.business_date', 'cast(files.loaded_at as date)') }}
        <= {{ var('credible_file_days') }} as is_loaded_in_time
    from file_days
    inner join files on file_days.file_id = files.file_id

),

final as (

    select
        branch_key,
        source_system,
        currency_code,
        cast(sum(receipts) as bigint) as receipts,
        cast(sum(refunds) as bigint) as refunds,
        cast(sum(items_sold) as bigint) as items_sold,
        cast(sum(net_amount) as numeric(18, 2)) as net_amount,
        cast(sum(refunded_amount) as numeric(18, 2)) as refunded_amount,
        cast(sum(net_amount_company) as numeric(38, 6)) as net_amount_company,
        cast(sum(refunded_amount_company) as numeric(38, 6)) as refunded_amount_company,
        cast(sum(squared_items) as numeric(38, 4)) as squared_items,
        cast(sum(squared_amounts) as numeric(38, 4)) as squared_amounts,
        cast(sum(online_receipts) as bigint) as online_receipts,
        cast(coalesce(sum(online_items_sold), 0) as bigint) as online_items_sold,
        cast(coalesce(sum(online_net_amount), 0) as numeric(18, 2)) as online_net_amount,
        cast(sum(online_refunds) as bigint) as online_refunds,
        cast(coalesce(sum(online_refunded_amount), 0) as numeric(18, 2)) as online_refunded_amount,
        cast(sum(online_net_amount_company) as numeric(38, 6)) as online_net_amount_company,
        cast(sum(online_refunded_amount_company) as numeric(38, 6))
            as online_refunded_amount_company,
        cast(sum(timed_receipts) as bigint) as timed_receipts,
        min(days_off_file_name) as days_off_file_name,
        not {{ dbt.bool_or('not is_after_file') }} as is_after_file,
        {{ dbt.bool_or('is_loaded_in_time and not is_after_file') }} as is_delivered_in_time,
        coalesce({{ dbt.bool_or('is_rate_estimated') }}, false) as is_rate_estimated,
        business_date,
        min(first_sold_at_local) as first_sold_at_local,
        max(last_sold_at_local) as last_sold_at_local
    from dated_file_days
    group by branch_key, source_system, currency_code, business_date

)

select * from final
