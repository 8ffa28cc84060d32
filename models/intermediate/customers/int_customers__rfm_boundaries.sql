{# The table is updated, not replaced, so that views on it are not dropped. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_differences',
        unique_key=['source_system', 'currency_code'],
        on_schema_change='fail',
    )
}}

with customers as (

    select * from {{ ref('int_customers__valued') }}

),

final as (

    select
        source_system,
        currency_code,
        count(*) as customers,
        {%- for fifths in [1, 2, 3, 4] %}
        {{ value_at(fifths / 5, 'purchases') }} as purchases_{{ fifths }},
        {%- endfor %}
        {%- for fifths in [1, 2, 3, 4] %}
        {{ value_at(fifths / 5, 'net_amount') }} as net_amount_{{ fifths }},
        {%- endfor %}
        -- Descending, so that the boundary's own day belongs to the more recent quintile.
        {%- for fifths in [1, 2, 3] %}
        {{ value_at(1 - fifths / 5, 'last_purchase_date', descending=true) }}
            as last_purchase_date_{{ fifths }},
        {%- endfor %}
        {{ value_at(0.2, 'last_purchase_date', descending=true) }} as last_purchase_date_4
    from customers
    group by source_system, currency_code

)

select * from final
