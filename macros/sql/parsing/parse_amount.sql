{#
    An amount of money as people and programs write it, or null if it is none: `4.95`, `4,95`, `.50`, `-4.95`,
    `4.95-`, `(4.95)`, `+4.95`, `£4.95`, `4,95 €`, `GBP 4.95`, `Rs. 50`, `1,234.50`, `1.234,50`, `1 234,50`,
    `1'234.50`, `1,23,456.00`. The currency is not looked at here: names_another_currency does.

    One to three digits, a point or comma and three digits (`1,234`, `1.234`) may mean either: none, unless
    `decimal` says which sign the source puts before decimals, '.' or ','; then the other one only ever separates
    thousands. `three_decimals`: the column often has three of them, as prices of a litre or kilogram do, so
    that a point and three digits are decimals. Nor is a thousand million or more an amount: no till takes
    that, and sums of such would not fit. Rounded to `scale`, because tills that add in floating point write
    5.6000000000000005.
#}
{% macro parse_amount(text, precision=18, scale=2, decimal=none, three_decimals=none) -%}
    {#- Of a currency with a thousand parts every amount has three decimals. -#}
    {%- if three_decimals is none -%}
        {%- set three_decimals = var('company_currency') in ['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'] -%}
    {%- endif -%}
    {{ return(
        adapter.dispatch('parse_amount', 'branchline')(text, precision, scale, decimal, three_decimals)
    ) }}
{%- endmacro %}

{% macro postgres__parse_amount(text, precision, scale, decimal, three_decimals) -%}
    {#- Digits, a point and two digits, which is what tills write, are known without the pattern: it
        costs several times as much as all the rest. -#}
    {% if decimal != ',' -%}
    case
        when
            {{ text }} like '%_.__' and length({{ text }}) <= 12
            and translate({{ text }}, '0123456789', '') = '.'
            then cast(cast({{ text }} as numeric) as numeric({{ precision }}, {{ scale }}))
        else
        {%- endif %} (
            select
                cast(
                    round(
                        case when amounts.signs in ('', '+', '/-') then 1 else -1 end
                        * cast({{ branchline.with_decimal_point('amounts.digits', decimal) }} as numeric),
                        {{ scale }}
                    )
                    as numeric({{ precision }}, {{ scale }})
                )
            from (
                select
                    translate(found.parts[4], ' ''’', '') as digits,
                    concat(found.parts[1], found.parts[3], found.parts[5], found.parts[7]) as signs,
                    upper(found.parts[2]) as mark_before,
                    upper(found.parts[6]) as mark_behind
                from (
                    select
                        regexp_match(
                            {{ branchline.plain_text(text) }},
                            '{{ branchline.amount_pattern(decimal, three_decimals) }}'
                        ) as parts
                ) as found
            ) as amounts
            where
                amounts.signs in ('', '+', '-', '−', '–', '()', '/-')
                and coalesce(amounts.mark_before, amounts.mark_behind, 'EUR')
                = any ({{ branchline.text_array(branchline.known_currency_marks()) }})
                and (
                    amounts.mark_before is null or amounts.mark_behind is null
                    -- The sign in front and the code behind: $4.95 USD.
                    or amounts.mark_behind
                    = any ({{ branchline.text_array(branchline.currency_codes()) }})
                )
        )
    {%- if decimal != ',' %}
    end
    {%- endif %}
{%- endmacro %}


{# Digits with their signs, as the pattern of an amount knows them, as the text of a number. #}
{% macro with_decimal_point(digits, decimal) -%}
    {%- if decimal == '.' -%}
        replace({{ digits }}, ',', '')
    {%- elif decimal == ',' -%}
        translate({{ digits }}, ',.', '.')
    {%- else -%}
        case
            when {{ digits }} like '%,%.%' or {{ digits }} like '%,%,%' then replace({{ digits }}, ',', '')
            when {{ digits }} like '%.%,%' or {{ digits }} like '%.%.%' then translate({{ digits }}, ',.', '.')
            else replace({{ digits }}, ',', '.')
        end
    {%- endif -%}
{%- endmacro %}


{#
    The pattern of an amount. Its groups: sign, currency, sign, digits, sign, currency, sign; which of them may
    stand together, and what is a currency, it does not say.
#}
{% macro amount_pattern(decimal, three_decimals) -%}
    {#- What only ever separates thousands, whatever stands before decimals. -#}
    {%- set spaced = "[0-9]{1,3}(?: [0-9]{3}){1,2}|[0-9]{1,3}(?:[''’][0-9]{3}){1,2}" -%}
    {#- Lakhs and crores. -#}
    {%- set indian = '[0-9]{1,2}(?:,[0-9]{2}){1,2},[0-9]{3}' -%}
    {#- 5.- is five, and not less than none. -#}
    {%- set pointed = '[0-9]{1,9}[.](?! *[-−–])' -%}
    {%- if decimal == '.' -%}
        {%- set digits = [
            '(?:[0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2}|' ~ indian ~ '|' ~ spaced ~ ')(?:[.][0-9]{1,20})?',
            '[.][0-9]{1,20}',
            pointed,
        ] -%}
    {%- elif decimal == ',' -%}
        {%- set digits = [
            '(?:[0-9]{1,9}|[0-9]{1,3}(?:[.][0-9]{3}){1,2}|' ~ spaced ~ ')(?:,[0-9]{1,20})?',
            ',[0-9]{1,20}',
        ] -%}
    {%- else -%}
        {%- set digits = [
            '[0-9]{1,9}(?:[.,](?:[0-9]{1,2}|[0-9]{4,20}))?',
            '[.,][0-9]{1,20}',
            '(?:0|[0-9]{4,9})[.,][0-9]{3}',
            '[0-9]{1,3}(?:,[0-9]{3}){1,2}[.][0-9]{1,20}',
            '[0-9]{1,3}(?:[.][0-9]{3}){1,2},[0-9]{1,20}',
            '[0-9]{1,3}(?:,[0-9]{3}){2}',
            '[0-9]{1,3}(?:[.][0-9]{3}){2}',
            indian ~ '(?:[.][0-9]{1,20})?',
            '(?:' ~ spaced ~ ')(?:[.,][0-9]{1,20})?',
            pointed,
        ] -%}
        {%- if three_decimals -%}
            {%- do digits.append('[0-9]{1,3}[.][0-9]{3}') -%}
        {%- endif -%}
    {%- endif -%}
    {#- A point behind a word is part of it: Rs.50 is fifty, $.50 is half a dollar. -#}
    {%- set currency = "([^][0-9 .,''’()+−–/-][^][0-9 .,''’()+−–-]{0,4}(?:(?<=[[:alpha:]])[.])?)?" -%}
    ^\s*([-−–+(]?) *{{ currency }} *([-−–+(]?) *({{ digits | join('|') }}) *([-−–)]|/-)? *{{ currency }} *([-−–)]?)\s*$
{%- endmacro %}
