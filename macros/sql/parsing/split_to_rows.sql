{#
    For a lateral join: one row per part of `text` between `delimiter`s, as columns `part` (text) and
    `part_number` (from 1).
#}
{% macro split_to_rows(text, delimiter, alias) -%}
    {{ return(adapter.dispatch('split_to_rows', 'branchline')(text, delimiter, alias)) }}
{%- endmacro %}

{% macro postgres__split_to_rows(text, delimiter, alias) -%}
    (
        select
            parts.part,
            parts.part_number
        from string_to_table({{ text }}, '{{ delimiter }}')
            with ordinality as parts (part, part_number)
    ) as {{ alias }}
{%- endmacro %}


{#
    For a lateral join: one row per item of a basket as the tills write it ("Tea - 1.70, Scone - 2.00"),
    as columns `item_number` (from 1), `item_name`, `price_text` and `unit_price` (null where the text is not an
    amount). The price follows the last ' - '; the name may contain ' - ', and the same item may repeat. A price may
    have three decimals, or the items would not add up to the total.
#}
{% macro basket_items(basket_text, alias) -%}
    (
        select
            priced_parts.item_number,
            trim({{ before_ending('priced_parts.part', 'priced_parts.price_text', ' - ') }}) as item_name,
            priced_parts.price_text,
            {{ parse_amount('priced_parts.price_text', scale=4, three_decimals=true) }} as unit_price
        from (
            select
                parts.part,
                cast(parts.part_number as integer) as item_number,
                {{ after_last('parts.part', ' - ') }} as price_text
            from {{ split_to_rows(basket_text, ', ', 'parts') }}
            {{ evaluate_once() }}
        ) as priced_parts
        {{ evaluate_once() }}
    ) as {{ alias }}
{%- endmacro %}
