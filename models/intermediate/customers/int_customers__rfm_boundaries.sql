{#
    The table is updated, not replaced, so that views on it are not dropped.

    Customers are counted by value, not sorted, because a measure has few distinct values, however many customers
    there are. The boundaries are those of `percentile_disc`, which would sort all customers four times a night.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key=['source_system', 'currency_code'],
        on_schema_change='fail',
    )
}}
{%- set measures = ['purchases', 'net_amount', 'last_purchase_date'] %}
{%- set reached = [] %}
{%- for share in ['0.2', '0.4', '0.6', '0.8'] %}
{%- do reached.append(
    'customers_so_far >= ceil(cast(' ~ share ~ ' as double precision) * customers)'
) %}
{%- endfor %}

with customers as (

    select * from {{ ref('int_customers__valued') }}

),

-- Each row has one of the measures; the others are null.
counted as (

    select
        source_system,
        currency_code,
        purchases,
        net_amount,
        last_purchase_date,
        count(*) as customers
    from customers
    group by grouping sets (
        {%- for measure in measures %}
        (source_system, currency_code, {{ measure }}){{ ',' if not loop.last }}
        {%- endfor %}
    )

),

-- Dates descending, so that the boundary's own day belongs to the more recent quintile.
running as (

    select
        source_system,
        currency_code,
        purchases,
        net_amount,
        last_purchase_date,
        sum(customers) over (
            partition by
                source_system, currency_code, purchases is null, last_purchase_date is null
            order by purchases asc, net_amount asc, last_purchase_date desc
        ) as customers_so_far,
        sum(customers) over (
            partition by
                source_system, currency_code, purchases is null, last_purchase_date is null
        ) as customers
    from counted

),

final as (

    select
        source_system,
        currency_code,
        cast(max(customers) as bigint) as customers,
        {%- for number in [1, 2, 3, 4] %}
        min(case when {{ reached[number - 1] }} then purchases end) as purchases_{{ number }},
        {%- endfor %}
        {%- for number in [1, 2, 3, 4] %}
        min(case when {{ reached[number - 1] }} then net_amount end) as net_amount_{{ number }},
        {%- endfor %}
        {%- for number in [1, 2, 3] %}
        max(case when {{ reached[4 - number] }} then last_purchase_date end)
            as last_purchase_date_{{ number }},
        {%- endfor %}
        max(case when {{ reached[0] }} then last_purchase_date end) as last_purchase_date_4
    from running
    group by source_system, currency_code

)

select * from final
