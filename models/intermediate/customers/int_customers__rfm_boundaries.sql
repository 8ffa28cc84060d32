{#
    The table is updated, not replaced, so that views on it are not dropped.

    Read from the number of customers by value, which a night changes for its customers only. The boundaries are those
    of `percentile_disc`, which would sort all customers four times a night.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key=['source_system', 'currency_code'],
        on_schema_change='fail',
    )
}}
{%- set reached = [] %}
{%- for share in ['0.2', '0.4', '0.6', '0.8'] %}
{%- set needed = 'ceil(cast(' ~ share ~ ' as double precision) * all_customers)' %}
{%- do reached.append(
    'customers_before < ' ~ needed ~ ' and customers_before + customers >= ' ~ needed
) %}
{%- endfor %}

-- Each reads the table itself: of a CTE that is read twice PostgreSQL would sort all rows, although
-- the primary key has them in this order.
with totals as (

    select
        source_system,
        currency_code,
        measure,
        cast(sum(customers) as bigint) as customers
    from {{ ref('int_customers__counted') }}
    group by source_system, currency_code, measure

),

running as (

    select
        *,
        -- Of whole numbers, which PostgreSQL adds up faster than decimals.
        sum(cast(customers as integer)) over (
            partition by source_system, currency_code, measure
            order by measured_value
            rows unbounded preceding
        ) as customers_so_far
    from {{ ref('int_customers__counted') }}

),

-- Dates descending, so that the boundary's own day belongs to the more recent quintile.
placed as (

    select
        running.source_system,
        running.currency_code,
        running.measure,
        running.customers,
        running.measured_value,
        totals.customers as all_customers,
        case
            when running.measure = 'last_purchase_date'
                then totals.customers - running.customers_so_far
            else running.customers_so_far - running.customers
        end as customers_before
    from running
    inner join totals
        on
            running.source_system = totals.source_system
            and running.currency_code = totals.currency_code
            and running.measure = totals.measure

),

boundaries as (

    select
        *,
        case when measure = 'purchases' then measured_value end as purchases,
        case when measure = 'net_amount' then measured_value end as net_amount,
        case
            when measure = 'last_purchase_date'
                then {{ day_of_value('cast(measured_value as integer)') }}
        end as last_purchase_date
    from placed
    where {{ '(' ~ reached | join(')\n        or (') ~ ')' }}

),

final as (

    select
        source_system,
        currency_code,
        cast(max(all_customers) as bigint) as customers,
        {%- for number in [1, 2, 3, 4] %}
        cast(max(case when {{ reached[number - 1] }} then purchases end) as integer)
            as purchases_{{ number }},
        {%- endfor %}
        {%- for number in [1, 2, 3, 4] %}
        max(case when {{ reached[number - 1] }} then net_amount end) as net_amount_{{ number }},
        {%- endfor %}
        {%- for number in [1, 2, 3] %}
        max(case when {{ reached[4 - number] }} then last_purchase_date end)
            as last_purchase_date_{{ number }},
        {%- endfor %}
        max(case when {{ reached[0] }} then last_purchase_date end) as last_purchase_date_4
    from boundaries
    group by source_system, currency_code

)

select * from final
