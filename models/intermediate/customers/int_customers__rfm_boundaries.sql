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
{%- do reached.append(
    'customers_so_far >= ceil(cast(' ~ share ~ ' as double precision) * customers)'
) %}
{%- endfor %}

with counted as (

    select * from {{ ref('int_customers__counted') }}

),

-- Dates descending, so that the boundary's own day belongs to the more recent quintile.
running as (

    select
        source_system,
        currency_code,
        case when measure = 'purchases' then measured_value end as purchases,
        case when measure = 'net_amount' then measured_value end as net_amount,
        case
            when measure = 'last_purchase_date'
                then {{ day_of_value('cast(measured_value as integer)') }}
        end as last_purchase_date,
        sum(customers) over (
            partition by source_system, currency_code, measure
            order by case when measure = 'last_purchase_date' then -1 else 1 end * measured_value
        ) as customers_so_far,
        sum(customers) over (partition by source_system, currency_code, measure) as customers
    from counted

),

final as (

    select
        source_system,
        currency_code,
        cast(max(customers) as bigint) as customers,
        {%- for number in [1, 2, 3, 4] %}
        cast(min(case when {{ reached[number - 1] }} then purchases end) as integer)
            as purchases_{{ number }},
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
