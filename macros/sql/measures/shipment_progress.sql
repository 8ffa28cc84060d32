{#
    How far the events of a shipment say that it is. Carriers scan late, twice and in any order, so what is final counts
    whatever comes after it, and a label counts only as long as nothing else is known.
#}

{# The place of a status on the way, which decides between events of one moment. #}
{% macro shipment_stage(status) -%}
    case {{ status }}
        {%- for name in ['label_created', 'picked_up', 'in_transit', 'out_for_delivery', 'exception', 'delivered', 'returned'] %}
        when '{{ name }}' then {{ loop.index }}
        {%- endfor %}
    end
{%- endmacro %}


{# Condition: the carrier had the goods and moved them, or tried to. #}
{% macro is_on_the_way(status) -%}
    {{ status }} in ('picked_up', 'in_transit', 'exception', 'out_for_delivery')
{%- endmacro %}


{# Condition: the carrier had the goods. An exception alone does not say so: nobody may have been there to pick them up. #}
{% macro has_left(status) -%}
    {{ status }} not in ('label_created', 'exception')
{%- endmacro %}


{# Condition: the shipment is still to be delivered. #}
{% macro is_shipment_open(status='status') -%}
    {{ status }} not in ('delivered', 'returned')
{%- endmacro %}


{#
    For a group of reports of one thing: the value that was stated last, or first, of those that are not null. Reports are
    ordered by the time at which the source wrote them, then by file and line.
#}
{% macro stated_last(column) -%}
    (
        array_agg({{ column }} order by changed_at nulls first, file_id, line_number)
        filter (where {{ column }} is not null)
    )[cast(count({{ column }}) as integer)]
{%- endmacro %}


{% macro stated_first(column) -%}
    (
        array_agg({{ column }} order by changed_at nulls first, file_id, line_number)
        filter (where {{ column }} is not null)
    )[1]
{%- endmacro %}
