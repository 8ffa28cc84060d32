-- The kept counts have every customer once for each measure. Only an audit, which reads all of
-- history, counts the customers by value.
{%- set mark = tested_up_to() %}

with counted as (

    select * from {{ ref('int_customers__counted') }}

),

{% if mark == 0 -%}
expected as (

    {{ customers_by_value(ref('int_customers__valued'), weight='1') | indent(4) }}

),

{% else -%}
measures as (

    select
        source_system,
        currency_code,
        measure,
        sum(customers) as customers
    from counted
    group by source_system, currency_code, measure

),

{% endif -%}
differences as (

    {% if mark == 0 -%}
    select
        coalesce(counted.source_system, expected.source_system) as source_system,
        coalesce(counted.currency_code, expected.currency_code) as currency_code
    from counted
    full outer join expected
        on
            counted.source_system = expected.source_system
            and counted.currency_code = expected.currency_code
            and counted.measure = expected.measure
            and counted.measured_value = expected.measured_value
    where counted.customers is distinct from expected.customers
    {%- else -%}
    select
        source_system,
        currency_code
    from measures
    group by source_system, currency_code
    having count(*) <> 3 or min(customers) <> max(customers)
    {%- endif %}

)

select * from differences
