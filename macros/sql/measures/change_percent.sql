{# Change on a former value in percent, one decimal; null where that was not above zero, or is not known. #}
{% macro change_percent(now, before) -%}
    cast(
        round(100 * ({{ now }} - {{ before }}) / nullif(greatest({{ before }}, 0), 0), 1)
        as numeric(18, 1)
    )
{%- endmacro %}
