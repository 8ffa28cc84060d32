{#
    What the lines of the till's lists mean, for the models that keep them and the one that says which are refused.
    Lateral subqueries of one row, so that each value is parsed once and a condition on file_id reaches the raw table.
#}

{#
    Values of a punch: `movement` (in, out), `is_manual`, `is_other_movement` (not of working hours), `business_date`,
    `seconds` since midnight. Null where unreadable.
#}
{% macro values_of_punch(lines, alias) -%}
    {%- if linted('values_of_punch', lines) -%}
        {{ return(linted('values_of_punch', lines) ~ ' as ' ~ alias) }}
    {%- endif -%}
    (
        select
            case
                when parts.movement_type in (1, 91) then 'in'
                when parts.movement_type in (2, 92) then 'out'
            end as movement,
            parts.movement_type > 90 as is_manual,
            parts.movement_type not in (1, 2, 91, 92) as is_other_movement,
            parts.business_date,
            case when parts.seconds between 0 and 86399 then parts.seconds end as seconds
        from (
            select
                {{ parse_integer(lines ~ '.movement_type_text') }} as movement_type,
                {{ parse_date(lines ~ '.business_date_text') }} as business_date,
                {{ parse_integer(lines ~ '.punched_at_seconds_text') }} as seconds
            {{ evaluate_once() }}
        ) as parts
    ) as {{ alias }}
{%- endmacro %}


{# The rules of a punch: name and condition of breaking it. #}
{% macro rules_of_punches(lines, values) -%}
    {{ return({
        'employee_missing': lines ~ '.employee_id is null',
        'movement_unreadable': values ~ '.is_other_movement is null',
        'date_unreadable': values ~ '.business_date is null',
        'date_out_of_range':
            values ~ ".business_date < cast('" ~ var('calendar_start') ~ "' as date) or "
            ~ values ~ ".business_date > cast('" ~ var('calendar_end') ~ "' as date)",
        'time_unreadable': values ~ '.seconds is null',
    }) }}
{%- endmacro %}


{# Condition: a line of the list of stock is about the stock of the store itself. #}
{% macro is_own_stock(lines) -%}
    {{ lines }}.card_id_text = '11' and {{ lines }}.card_group_text = '3'
{%- endmacro %}


{#
    Values of a line of stock: `recorded_quantity` (0 where the till has none) and `counted_quantity` (null where
    nobody counted); `is_unreadable` where the text of one of them is not a number.
#}
{% macro values_of_stock(lines, alias) -%}
    {%- if linted('values_of_stock', lines) -%}
        {{ return(linted('values_of_stock', lines) ~ ' as ' ~ alias) }}
    {%- endif -%}
    (
        select
            parts.recorded_quantity,
            parts.counted_quantity,
            parts.recorded_quantity is null
            or ({{ lines }}.counted_quantity_text is not null and parts.counted_quantity is null)
                as is_unreadable
        from (
            select
                case
                    when {{ lines }}.recorded_quantity_text is null then 0
                    else {{ parse_amount(
                        lines ~ '.recorded_quantity_text', scale=3, decimal='.', three_decimals=true
                    ) }}
                end as recorded_quantity,
                {{ parse_amount(
                    lines ~ '.counted_quantity_text', scale=3, decimal='.', three_decimals=true
                ) }} as counted_quantity
            {{ evaluate_once() }}
        ) as parts
    ) as {{ alias }}
{%- endmacro %}


{#
    Number of a person: each store numbers its own people. The people of a store that has no folder have the number
    alone.
#}
{% macro employee_id_in_store(employee_id, file_branch) -%}
    case
        when {{ employee_id }} is not null then concat_ws('/', {{ file_branch }}, {{ employee_id }})
    end
{%- endmacro %}
