{#
    Counts of customers that are kept from night to night (macros/incremental/kept_counts.sql). A row of `customers`
    or `customer_months` may have a `weight`: -1 where it is taken away.
#}

{#
    Customers by the value of each measure; dates as days since 1970. Each measure is grouped by its own type first,
    because a full refresh reads all customers.
#}
{% macro customers_by_value(customers, weight='weight') -%}
    {%- set values = {
        'purchases': 'purchases',
        'net_amount': 'net_amount',
        'last_purchase_date': dbt.datediff("cast('1970-01-01' as date)", 'last_purchase_date', 'day'),
    } -%}
    {%- for measure, value in values.items() %}
    {{ 'union all' if not loop.first }}
    select
        source_system,
        currency_code,
        '{{ measure }}' as measure,
        cast({{ value }} as numeric(18, 2)) as measured_value,
        sum({{ weight }}) as customers
    from {{ customers }}
    group by source_system, currency_code, {{ measure }}
    {%- endfor %}
{%- endmacro %}


{# The date of a value in `customers_by_value`. #}
{% macro day_of_value(value) -%}
    cast({{ dbt.dateadd('day', value, "cast('1970-01-01' as date)") }} as date)
{%- endmacro %}


{# Customers and their purchases by month and by the month of their first purchase. #}
{% macro customers_by_cohort(customer_months, customers, weight='weight') -%}
    {%- set first_sales_month -%}
        cast({{ dbt.date_trunc('month', 'customers.first_purchase_date') }} as date)
    {%- endset -%}
    select
        customer_months.source_system,
        customer_months.currency_code,
        sum({{ weight }}) as customers,
        sum({{ weight }} * customer_months.purchases) as purchases,
        sum({{ weight }} * customer_months.net_amount) as net_amount,
        sum({{ weight }} * coalesce(customer_months.net_amount_company, 0)) as net_amount_company,
        coalesce(
            sum({{ weight }} * customer_months.purchases) filter (
                where customer_months.net_amount_company is null
            ),
            0
        ) as purchases_without_rate,
        {{ first_sales_month }} as first_sales_month,
        customer_months.sales_month
    from {{ customer_months }} as customer_months
    inner join {{ customers }} as customers
        on
            customer_months.customer_key = customers.customer_key
            and customer_months.currency_code = customers.currency_code
    group by
        customer_months.source_system,
        customer_months.currency_code,
        {{ first_sales_month }},
        customer_months.sales_month
{%- endmacro %}


{# Of changed customers, those whose cohort is another one now; also new and vanished ones. #}
{% macro moved_between_cohorts(changed) -%}
    (
        select
            customer_key,
            currency_code,
            min(first_purchase_date) as first_purchase_date,
            sum(weight) as weight
        from {{ changed }}
        group by
            customer_key, currency_code, {{ dbt.date_trunc('month', 'first_purchase_date') }}
        having sum(weight) <> 0
    )
{%- endmacro %}
