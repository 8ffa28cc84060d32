{# The key of a customer who is known by a number. #}
{% macro customer_key_of_number(source_system, customer_id) -%}
    {{ dbt_utils.generate_surrogate_key([source_system, "'number'", customer_id]) }}
{%- endmacro %}
