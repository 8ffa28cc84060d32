{#
    Every value is a time zone that PostgreSQL knows. An unknown name would fail the build halfway; this test names it.
#}
{% test known_time_zone(model, column_name) %}
    select {{ column_name }}
    from {{ model }}
    where
        {{ column_name }} is not null
        and {{ column_name }} not in ({{ known_time_zones() }})
{% endtest %}
