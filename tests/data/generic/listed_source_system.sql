{# `source_systems` in dbt_project.yml lists the source: a misspelled name matches no sale. #}
{% test listed_source_system(model, column_name) %}

select {{ column_name }} as source_system
from {{ model }}
where {{ column_name }} not in ('{{ var("source_systems") | join("', '") }}')

{% endtest %}
