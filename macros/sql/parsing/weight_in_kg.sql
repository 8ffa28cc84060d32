{#
    A weight in kilograms, as shops write it: `1.6kg`, `590g`, `16oz`, `2 lb`, `12 x 100g` (twelve of 100 g), `77g .`.
    Of liquids the volume counts, as if it were water: `125ml` is 125 g. Null for other text, and for a number without
    a unit. A comma and three digits (`1,500g`) are ambiguous, unless a zero comes first: null.
#}
{% macro weight_in_kg(text) -%}
    {{ return(linted('weight_in_kg', text) or one_token(adapter.dispatch('weight_in_kg', 'branchline')(text))) }}
{%- endmacro %}

{% macro postgres__weight_in_kg(text) -%}
    (
        select
            cast(coalesce(weights.parts[1], '1') as numeric)
            * cast(replace(weights.parts[2], ',', '.') as numeric)
            * case lower(left(weights.parts[3], 2))
                when 'kg' then 1
                when 'ki' then 1
                when 'mg' then 0.000001
                when 'ml' then 0.001
                when 'mi' then 0.001
                when 'cl' then 0.01
                when 'l' then 1
                when 'li' then 1
                when 'oz' then 0.028349523125
                when 'ou' then 0.028349523125
                when 'lb' then 0.45359237
                when 'po' then 0.45359237
                else 0.001
            end
        from regexp_match(
            {{ branchline.plain_text(text) }},
            '^\s*(?:([0-9]{1,6})\s*[x×*]\s*)?([0-9]{1,9}(?:[.][0-9]{1,9}|,[0-9]{1,2}|(?<=^\s*0),[0-9]{3,9})?|[.][0-9]{1,9})'
            || '\s*(kgs?|kilos?|kilograms?|gr?|gms?|grams?|mg|ml|millilit(?:er|re)s?|cl|l|lit(?:er|re)s?'
            || '|oz|ounces?|lbs?|pounds?)\s*[.]?\s*$',
            'i'
        ) as weights (parts)
    )
{%- endmacro %}
