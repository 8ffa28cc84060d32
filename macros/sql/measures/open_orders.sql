{#
    Condition: an order of that day may wait for a shipment that nothing is known of yet, because it is at most
    `order_open_days` days old. The range has a second end, which all orders keep: PostgreSQL takes a range with two ends for
    a small part of the table, and finds it through an index, but one with a single end for a third of it.
#}
{% macro is_recent_order(ordered_on, as_of_date) -%}
    (
        {{ ordered_on }} > cast({{ dbt.dateadd('day', -var('order_open_days'), as_of_date) }} as date)
        and {{ ordered_on }} <= cast('{{ var("calendar_end") }}' as date)
    )
{%- endmacro %}
