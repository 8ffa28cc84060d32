{#
    Condition that amounts in a file's text have another currency than expected. `text` may contain several amounts,
    with other text between them. A sign of several currencies matches each of them: $ is valid for a branch in
    Toronto and for one in Sydney.
#}
{% macro names_another_currency(text, currency_code) -%}
    {{ return(
        linted('names_another_currency', text)
        or one_token(adapter.dispatch('names_another_currency', 'branchline')(text, currency_code))
    ) }}
{%- endmacro %}

{% macro postgres__names_another_currency(text, currency_code) -%}
    {%- set marks_of_codes = [] -%}
    {%- for mark, codes in branchline.currency_marks().items() -%}
        {%- for code in codes -%}
            {%- do marks_of_codes.append(mark ~ '=' ~ code) -%}
        {%- endfor -%}
    {%- endfor -%}
    {#- Text that begins and ends with a digit, like nearly every amount, has no currency. -#}
    case
        when
            {{ text }} is null
            or (
                ascii({{ text }}) between 48 and 57
                and ascii(right({{ text }}, 1)) between 48 and 57
                and strpos({{ text }}, '|') = 0
            )
            then false
        else exists (
            select marks.mark
            from string_to_table(
                upper(translate({{ branchline.plain_text(text) }}, '0123456789.,()+''’−–-|', repeat(' ', 21))),
                ' '
            ) as marks (mark)
            where
                marks.mark = any ({{ branchline.text_array(branchline.known_currency_marks()) }})
                and marks.mark <> {{ currency_code }}
                and marks.mark || '=' || {{ currency_code }}
                <> all ({{ branchline.text_array(marks_of_codes) }})
        )
    end
{%- endmacro %}


{#
    Signs and words for currencies, in capitals and without a trailing point, each with the codes (ISO 4217) of its
    possible currencies.
#}
{% macro currency_marks() -%}
    {%- set dollars = [
        'USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD', 'TWD', 'MXN', 'ARS', 'CLP', 'COP', 'UYU', 'DOP', 'CUP', 'BRL',
        'NIO', 'JMD', 'TTD', 'BBD', 'BSD', 'BZD', 'BMD', 'KYD', 'XCD', 'GYD', 'SRD', 'FJD', 'SBD', 'TOP', 'WST',
        'BND', 'NAD', 'LRD', 'ZWL', 'ZWG', 'MOP', 'CVE',
    ] -%}
    {%- set crowns = ['SEK', 'NOK', 'DKK', 'ISK'] -%}
    {{ return({
        '$': dollars,
        'US$': ['USD'], 'U$S': ['USD'], 'A$': ['AUD'], 'AU$': ['AUD'], 'C$': ['CAD', 'NIO'], 'CA$': ['CAD'],
        'CAD$': ['CAD'], 'NZ$': ['NZD'], 'S$': ['SGD'], 'HK$': ['HKD'], 'NT$': ['TWD'], 'MX$': ['MXN'],
        'R$': ['BRL'],
        '£': ['GBP', 'EGP', 'GIP', 'FKP', 'SHP', 'LBP', 'SYP', 'SDG', 'SSP', 'IMP', 'JEP', 'GGP'],
        'STG£': ['GBP'], 'E£': ['EGP'], 'LE': ['EGP'],
        '€': ['EUR'], 'EURO': ['EUR'], 'EUROS': ['EUR'],
        '¥': ['JPY', 'CNY'], '￥': ['JPY', 'CNY'], '円': ['JPY'], '元': ['CNY', 'TWD', 'HKD'], 'RMB': ['CNY'],
        '₹': ['INR'], 'RS': ['INR', 'PKR', 'LKR', 'NPR', 'MUR', 'SCR'],
        '₨': ['INR', 'PKR', 'LKR', 'NPR', 'MUR', 'SCR'], 'RE': ['INR', 'PKR', 'LKR', 'NPR', 'MUR', 'SCR'],
        '৳': ['BDT'], 'TK': ['BDT'],
        'KR': crowns, 'SKR': ['SEK'], 'NKR': ['NOK'], 'DKR': ['DKK'],
        'KČ': ['CZK'], 'Kč': ['CZK'], 'KC': ['CZK'], 'ZŁ': ['PLN'], 'Zł': ['PLN'], 'ZL': ['PLN'],
        'FT': ['HUF'], 'LEI': ['RON', 'MDL'], 'LEU': ['RON', 'MDL'], 'ЛВ': ['BGN'], 'KN': ['HRK'],
        'ДИН': ['RSD'], 'DIN': ['RSD'], 'KM': ['BAM'],
        'FR': ['CHF', 'XOF', 'XAF', 'XPF'], 'SFR': ['CHF'], 'CFA': ['XOF', 'XAF'], 'FCFA': ['XOF', 'XAF'],
        '₺': ['TRY'], 'TL': ['TRY'], '₽': ['RUB'], 'РУБ': ['RUB'], '₴': ['UAH'], 'ГРН': ['UAH'], '₸': ['KZT'],
        '₼': ['AZN'], '₾': ['GEL'], '֏': ['AMD'],
        '₪': ['ILS'], 'NIS': ['ILS'], 'DH': ['AED', 'MAD'], 'DHS': ['AED', 'MAD'], 'SR': ['SAR'], 'QR': ['QAR'],
        'KD': ['KWD'], 'BD': ['BHD'], 'JD': ['JOD'], 'DT': ['TND'], '﷼': ['IRR', 'OMR', 'QAR', 'SAR', 'YER'],
        '₩': ['KRW', 'KPW'], '₫': ['VND'], '฿': ['THB'], '₱': ['PHP'], 'RM': ['MYR'], 'RP': ['IDR'],
        '៛': ['KHR'], '₭': ['LAK'], '₮': ['MNT'],
        'R': ['ZAR'], '₦': ['NGN'], '₵': ['GHS'], 'GH₵': ['GHS'], 'KSH': ['KES'], 'TSH': ['TZS'],
        'USH': ['UGX'], 'S/': ['PEN'], '₡': ['CRC'], '₲': ['PYG'], 'BS': ['BOB', 'VES'],
    }) }}
{%- endmacro %}


{# Codes of the currencies in use (ISO 4217), and of some that were replaced recently. #}
{% macro currency_codes() -%}
    {{ return((
        'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD'
        ~ ' CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF'
        ~ ' GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT'
        ~ ' LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR'
        ~ ' NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP'
        ~ ' STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF'
        ~ ' XPF YER ZAR ZMW ZWG ZWL'
    ).split(' ')) }}
{%- endmacro %}


{# The same with the signs and words, the latter also with a trailing point. #}
{% macro known_currency_marks() -%}
    {%- set marks = currency_codes() + currency_marks() | list -%}
    {%- for mark in currency_marks() if mark[-1] | upper != mark[-1] | lower -%}
        {%- do marks.append(mark ~ '.') -%}
    {%- endfor -%}
    {{ return(marks) }}
{%- endmacro %}
