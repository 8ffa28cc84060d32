{#
    Every value is a time zone that the database knows. A name it does not know would stop the build in
    the middle; here it is named.
#}
{% test known_time_zone(model, column_name) %}
    select {{ column_name }}
    from {{ model }}
    where
        {{ column_name }} is not null
        and {{ column_name }} not in ({{ known_time_zones() }})
{% endtest %}
