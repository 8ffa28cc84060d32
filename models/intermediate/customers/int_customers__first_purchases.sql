{#
    Incremental because a night touches few customers. A receipt that is no longer a customer's first (after
    late-arriving data) keeps its row, marked with the change, so that the facts and reports of its day are rebuilt.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='customer_key',
        meta={'touched_by': 'customer'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['business_date', 'branch_key']},
            {'columns': ['change_id']},
        ],
    )
}}
{%- set touched = touched('customer') %}
{%- set mark = high_water_mark('int_customers__summed_up') %}

with customers as (

    select * from {{ ref('int_customers__summed_up') }}
    {% if is_incremental() -%}
    where customer_key in ({{ touched }})
    {%- endif %}

),

first_purchases as (

    select
        customer_key,
        first_transaction_id as transaction_id,
        first_branch_key as branch_key,
        true as is_current,
        first_business_date as business_date
    from customers

),

{% if is_incremental() %}

known as (

    select * from {{ this }}
    where customer_key in ({{ touched }})

),

final as (

    select
        coalesce(first_purchases.customer_key, known.customer_key) as customer_key,
        coalesce(first_purchases.transaction_id, known.transaction_id) as transaction_id,
        coalesce(first_purchases.branch_key, known.branch_key) as branch_key,
        cast(
            case
                when coalesce(first_purchases.is_current, false) = known.is_current
                    then known.change_id
                else {{ mark }}
            end as bigint
        ) as change_id,
        coalesce(first_purchases.is_current, false) as is_current,
        coalesce(first_purchases.business_date, known.business_date) as business_date
    from first_purchases
    full outer join known
        on
            first_purchases.customer_key = known.customer_key
            and first_purchases.transaction_id = known.transaction_id

)

{% else %}

final as (

    select
        customer_key,
        transaction_id,
        branch_key,
        cast({{ mark }} as bigint) as change_id,
        is_current,
        business_date
    from first_purchases

)

{% endif %}

select * from final
