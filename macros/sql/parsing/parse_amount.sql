{#
    An amount of money as people and tills write it, or null if it is none: `4.95`, `-4.95`, `6`,
    `£4.95`, `4,95`, `4,95 €`, `1,234.50`, `1.234,50`. One to three digits, a sign and three digits
    (`1,234`, `1.234`) may mean either: none, unless `decimal` says which sign the source puts before decimals,
    '.' or ','; then the other one only ever separates thousands. Nor is a thousand million or more: no
    till takes that, and sums of such would not fit. Rounded to `scale`, because tills that add in
    floating point write 5.6000000000000005.
#}
{% macro parse_amount(text, precision=18, scale=2, decimal=none) -%}
    {{ return(adapter.dispatch('parse_amount', 'branchline')(text, precision, scale, decimal)) }}
{%- endmacro %}

{% macro postgres__parse_amount(text, precision, scale, decimal) -%}
    {%- set spaced = branchline.plain_spaces(text) -%}
    {%- set known_bodies = {
        '.': '([0-9]{1,9}|[0-9]{1,3}(,[0-9]{3}){1,2})([.][0-9]{1,20})?',
        ',': '([0-9]{1,9}|[0-9]{1,3}([.][0-9]{3}){1,2})(,[0-9]{1,20})?',
    } -%}
    {%- set body = known_bodies[decimal] if decimal else (
        '([0-9]{1,9}([.,]([0-9]{1,2}|[0-9]{4,20}))?'
        ~ '|0[.,][0-9]{3}|[0-9]{4,9}[.,][0-9]{3}'
        ~ '|[0-9]{1,3}(,[0-9]{3}){1,2}[.][0-9]{1,20}'
        ~ '|[0-9]{1,3}([.][0-9]{3}){1,2},[0-9]{1,20})'
    ) -%}
    {%- set without_signs -%}
        {%- if decimal == ',' -%}
        translate({{ spaced }}, ',. £$€', '.')
        {%- elif decimal == '.' -%}
        translate({{ spaced }}, ', £$€', '')
        {%- else -%}
        case
            when {{ text }} like '%,%.%' then translate({{ spaced }}, ', £$€', '')
            when {{ text }} like '%.%,%' then translate({{ spaced }}, ',. £$€', '.')
            else translate({{ spaced }}, ', £$€', '.')
        end
        {%- endif -%}
    {%- endset -%}
    {#- Digits, a point and two digits, which is what tills write, are known without the pattern: it
        costs several times as much as all the rest. -#}
    case
        {%- if decimal != ',' %}
        when
            {{ text }} like '%_.__' and length({{ text }}) <= 12
            and translate({{ text }}, '0123456789', '') = '.'
            then cast(cast({{ text }} as numeric) as numeric({{ precision }}, {{ scale }}))
        {%- endif %}
        when {{ spaced }} ~ '^ *((-?[£$€]?|[£$€]-) ?{{ body }}|-?{{ body }} ?[£$€]) *$'
            then cast(
                round(cast({{ without_signs }} as numeric), {{ scale }})
                as numeric({{ precision }}, {{ scale }})
            )
    end
{%- endmacro %}
