{#
    For a lateral join: one row with a telephone number taken apart, as columns

        number      as E.164 writes it: `+441632960758`
        extension   the digits behind an x, ext or #; null where there are none

    The number is read by its form and its country, and not checked against a numbering plan. Behind + or 00 stands
    the code of a country: `+44(0)1632 960758`, `0044 1632 960758`. Any other number is of `country`, SQL of a code
    (ISO 3166), and the zero that only callers in the country dial gives way to the country's code:
    `(01632) 960758`, `01632.960758`, and `(00318) 26450`, because no country has the code 318. With the code in front
    and 12 digits or more it lacks only its +: `447700900123`. In North America the code
    is 1: `(713) 555-0123`, `1-713-555-0123`. Dots, dashes, slashes, brackets and spaces do not matter. Null for
    other text, a number without a country, one of less than 7 digits or more than 15.
#}
{% macro phone_number(text, country, alias) -%}
    {%- if linted('phone_number', text) -%}
        {{ return(linted('phone_number', text) ~ ' as ' ~ alias) }}
    {%- endif -%}
    {{ return(one_token(adapter.dispatch('phone_number', 'branchline')(text, country, alias))) }}
{%- endmacro %}

{% macro postgres__phone_number(text, country, alias) -%}
    {#- Countries whose numbers keep their zero from abroad (as in Rome), or have a digit of their own in its place. -#}
    {%- set without_zero = "('1', '7', '39', '225', '241', '242', '378')" -%}
    (
        select
            case
                when length(written.digits) between 7 and 15 and left(written.digits, 1) <> '0'
                    then '+' || written.digits
            end as number,
            written.extension
        from (
            select
                phones.extension,
                case
                    when
                        phones.is_international
                        -- A spreadsheet made a number of it, without its +.
                        or (
                            phones.own_code not in ('1', '7')
                            and length(phones.digits) >= 12
                            and starts_with(phones.digits, phones.own_code)
                        )
                        then case
                            when
                                phones.own_code not in {{ without_zero }}
                                and starts_with(phones.digits, phones.own_code || '0')
                                then phones.own_code || substr(phones.digits, length(phones.own_code) + 2)
                            else phones.digits
                        end
                    when phones.own_code in ('1', '7')
                        then phones.own_code || case
                            when length(phones.digits) = 11 and left(phones.digits, 1) in ('1', '8')
                                then substr(phones.digits, 2)
                            else phones.digits
                        end
                    when phones.own_code in {{ without_zero }} or left(phones.digits, 1) <> '0'
                        then phones.own_code || phones.digits
                    else phones.own_code || substr(phones.digits, 2)
                end as digits
            from (
                select
                    dialled.found[1] is not null as is_international,
                    regexp_replace(
                        case
                            when dialled.found[1] is not null and dialled.found[2] !~ '^(39|378)'
                                then replace(dialled.found[2], '(0)', '')
                            else dialled.found[2]
                        end,
                        '[^0-9]',
                        '',
                        'g'
                    ) as digits,
                    dialled.found[3] as extension,
                    cast('{{ tojson(branchline.calling_codes()) }}' as jsonb) ->> {{ country }} as own_code
                from regexp_match(
                    translate(lower({{ branchline.plain_text(text) }}), e' .-/\t\u2013', ''),
                    '^(?:tel:?)?([(]?[+]|00(?=[1-9])|[(]00(?=(?:{{ branchline.calling_codes().values() | unique | join("|") }})[)]))?'
                    || '([0-9()]+)[,;]?(?:(?:x|ext|extension|#):?([0-9]{1,8}))?$'
                ) as dialled (found)
                where dialled.found is not null
                {{ evaluate_once() }}
            ) as phones
            {{ evaluate_once() }}
        ) as written
        right join (select 1 as one) as always on true
    ) as {{ alias }}
{%- endmacro %}
