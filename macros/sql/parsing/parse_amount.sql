{#
    An amount of money as people and programs write it, or null for any other text: `4.95`, `4,95`, `.50`, `-4.95`,
    `4.95-`, `(4.95)`, `+4.95`, `£4.95`, `4,95 €`, `GBP 4.95`, `Rs. 50`, `1,234.50`, `1.234,50`, `1 234,50`,
    `1'234.50`, `1,23,456.00`. The currency is checked by names_another_currency.

    One to three digits, a point or comma and three digits (`1,234`, `1.234`) are ambiguous: null, unless `decimal`
    gives the source's decimal separator, '.' or ','; then the other one separates thousands. `three_decimals`: the
    column often has three decimals, like prices of a litre or kilogram, so that a point and three digits are
    decimals. A thousand million or more is null, because sums would overflow. Rounded to `scale`, because tills that
    add in floating point write 5.6000000000000005.
#}
{% macro parse_amount(text, precision=18, scale=2, decimal=none, three_decimals=none) -%}
    {#- In a currency with a thousand parts every amount has three decimals. -#}
    {%- if three_decimals is none -%}
        {%- set three_decimals = var('company_currency') in ['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'] -%}
    {%- endif -%}
    {{ return(
        linted('parse_amount', text)
        or one_token(
            adapter.dispatch('parse_amount', 'branchline')(text, precision, scale, decimal, three_decimals)
        )
    ) }}
{%- endmacro %}

{% macro postgres__parse_amount(text, precision, scale, decimal, three_decimals) -%}
    {%- set type = 'numeric(' ~ precision ~ ', ' ~ scale ~ ')' -%}
    {%- set usual = [] -%}
    {%- for digits in range(1, 10) -%}
        {%- for behind in [''] + ([decimal ~ '0', decimal ~ '00'] if decimal else ['.0', '.00', ',0', ',00']) -%}
            {%- do usual.append('0' * digits ~ behind) -%}
        {%- endfor -%}
    {%- endfor -%}
    case
        {#- Whole numbers and those with two decimals, the format of tills and databases, are recognized at a tenth of
        the cost. #}
        when translate({{ text }}, '123456789', '000000000') = any ({{ branchline.text_array(usual) }})
            then cast(replace({{ text }}, ',', '.') as {{ type }})
        else (
            select
                cast(
                    case when amounts.signs in ('', '+') then '' else '-' end
                    || {{ branchline.with_decimal_point('amounts.digits', decimal) }}
                    as {{ type }}
                )
            from (
                select
                    translate(numbers.digits, ' ''’', '') as digits,
                    regexp_replace(numbers.written, '[^-−–+()]', '', 'g') as signs,
                    upper(btrim(translate(split_part(numbers.written, numbers.digits, 1), '-−–+(', '')))
                        as mark_before,
                    upper(btrim(translate(split_part(numbers.written, numbers.digits, 2), '-−–)', '')))
                        as mark_behind
                from (
                    select
                        texts.written,
                        substring(
                            texts.written from '{{ branchline.amount_pattern(decimal, three_decimals) }}'
                        ) as digits
                    from (
                        {#- 50/- is fifty. #}
                        select btrim(replace({{ branchline.plain_text(text) }}, '/-', ''), e' \t\n\r') as written
                    ) as texts
                    {{ evaluate_once() }}
                ) as numbers
                {{ evaluate_once() }}
            ) as amounts
            where
                amounts.signs in ('', '+', '-', '−', '–', '()')
                and coalesce(nullif(amounts.mark_before, ''), nullif(amounts.mark_behind, ''), 'EUR')
                = any ({{ branchline.text_array(branchline.known_currency_marks()) }})
                and (
                    '' in (amounts.mark_before, amounts.mark_behind)
                    -- A leading sign and a trailing code: $4.95 USD.
                    or amounts.mark_behind
                    = any ({{ branchline.text_array(branchline.currency_codes()) }})
                )
        )
    end
{%- endmacro %}


{# Converts digits and separators, as matched by the pattern of an amount, to the text of a number. #}
{% macro with_decimal_point(digits, decimal) -%}
    {%- if decimal == '.' -%}
        replace({{ digits }}, ',', '')
    {%- elif decimal == ',' -%}
        translate({{ digits }}, ',.', '.')
    {%- else -%}
        {#- A separator followed by another separator separates thousands. -#}
        replace(regexp_replace({{ digits }}, '[.,](?=.*[.,])|(?<=,.*),|(?<=[.].*)[.]', '', 'g'), ',', '.')
    {%- endif -%}
{%- endmacro %}


{#
    The pattern of a trimmed amount. Its only group is the digits, which is the cheapest for PostgreSQL's regular
    expressions.
#}
{% macro amount_pattern(decimal, three_decimals) -%}
    {#- Separators that are never decimal. -#}
    {%- set spaced = "[1-9][0-9]{0,2}(?:(?: [0-9]{3}){1,2}|(?:[''’][0-9]{3}){1,2})" -%}
    {#- Lakhs and crores. -#}
    {%- set indian = '[1-9][0-9]?(?:,[0-9]{2}){1,2},[0-9]{3}' -%}
    {#- 5.- is five, not negative. -#}
    {%- set pointed = '[0-9]{1,9}[.](?! *[-−–])' -%}
    {%- if decimal == '.' -%}
        {%- set digits = [
            '(?:[0-9]{1,9}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,2}|' ~ indian ~ '|' ~ spaced ~ ')(?:[.][0-9]{1,20})?',
            '[.][0-9]{1,20}',
            pointed,
        ] -%}
    {%- elif decimal == ',' -%}
        {%- set digits = [
            '(?:[0-9]{1,9}|[1-9][0-9]{0,2}(?:[.][0-9]{3}){1,2}|' ~ spaced ~ ')(?:,[0-9]{1,20})?',
            ',[0-9]{1,20}',
        ] -%}
    {%- else -%}
        {%- set digits = [
            '[0-9]{1,9}(?:[.,](?:[0-9]{1,2}|[0-9]{4,20}))?',
            '[.,][0-9]{1,20}',
            '(?:0|[0-9]{4,9})[.,][0-9]{3}',
            '[1-9][0-9]{0,2}(?:,[0-9]{3}){1,2}[.][0-9]{1,20}',
            '[1-9][0-9]{0,2}(?:[.][0-9]{3}){1,2},[0-9]{1,20}',
            '[1-9][0-9]{0,2}(?:,[0-9]{3}){2}',
            '[1-9][0-9]{0,2}(?:[.][0-9]{3}){2}',
            indian ~ '(?:[.][0-9]{1,20})?',
            '(?:' ~ spaced ~ ')(?:[.,][0-9]{1,20})?',
            pointed,
        ] -%}
        {%- if three_decimals -%}
            {%- do digits.append('[0-9]{1,3}[.][0-9]{3}') -%}
        {%- endif -%}
    {%- endif -%}
    {#- A point after a word is part of it: Rs.50 is fifty, $.50 is half a dollar. -#}
    ^(?:[^0-9]*[^0-9.,])?(?:(?<=[[:alpha:]])[.])?({{ digits | join('|') }})[^0-9]*$
{%- endmacro %}
