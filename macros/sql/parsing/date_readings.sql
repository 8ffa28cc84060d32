{#
    For a lateral join: one row that says what a date, with or without a time, may mean, as columns

        day_first_at, month_first_at   the moment, by the clocks of the branch. Both are the same where the
                                       text leaves no doubt; null where there is no such moment
        has_time                       whether the text holds a time of day
        is_year_short                  whether the year has two digits only

    Read are 25/08/2021 09:01, 8/25/2021 9:01 and 25.08.2021 09.01, which leave it open whether the day or the
    month comes first, and without doubt 2021-08-25T09:01:00.000, 2021/08/25, 20210825 0901, 25-Aug-2021,
    Aug 25, 2021. Seconds, parts of a second, AM or PM may follow, a comma or a weekday may stand with it.
    Words that the database would take for a time ('now', 'infinity') are none.

    `time_zone`: SQL of the IANA name of the branch's time zone. A moment with an offset from UTC (Z, +05:30) is
    then turned into the clocks there; without it the offset is left out. With `of_days` midnight stays what it
    is: it is what programs put behind a day.
#}
{% macro date_readings(text, alias, time_zone=none, of_days=false) -%}
    {{ return(adapter.dispatch('date_readings', 'branchline')(text, alias, time_zone, of_days)) }}
{%- endmacro %}

{% macro postgres__date_readings(text, alias, time_zone, of_days) -%}
    (
        select
            {{ moment_of('texts.parts[1]', time_zone, of_days) }} as day_first_at,
            {{ moment_of('texts.parts[2]', time_zone, of_days) }} as month_first_at,
            texts.parts[3] is not null as has_time,
            texts.parts[5] is not null as is_year_short
        from (
            {#- The tills' own form is cut by position, and what databases write is known by its signs: both
                are much cheaper than the pattern. -#}
            select
                case
                    when
                        {{ text }} like '__/__/____ __:__'
                        and translate({{ text }}, '0123456789', '') = '// :'
                        then array[
                            substr({{ text }}, 7, 4) || substr({{ text }}, 4, 2) || substr({{ text }}, 1, 2),
                            substr({{ text }}, 7, 4) || substr({{ text }}, 1, 2) || substr({{ text }}, 4, 2),
                            substr({{ text }}, 12),
                            null,
                            null
                        ]
                    when
                        {{ text }} like '____-__-__' and translate({{ text }}, '0123456789', '') = '--'
                        then array[{{ text }}, {{ text }}, null, null, null]
                    when
                        {{ text }} like '____-__-__ __:__:__'
                        and translate({{ text }}, '0123456789', '') = '-- ::'
                        then array[left({{ text }}, 10), left({{ text }}, 10), substr({{ text }}, 12), null, null]
                    else {{ branchline.parts_of_date(branchline.plain_text(text)) }}
                end as parts
            {#- As evaluate_once does, which sqlfluff does not know without a from. #}
            limit 1
        ) as texts
        {{ evaluate_once() }}
    ) as {{ alias }}
{%- endmacro %}


{# The moment of a day (`day`) and of the time and offset beside it, in date_readings; null for none. #}
{% macro moment_of(day, time_zone, of_days) -%}
    {%- set local = day ~ " || ' ' || coalesce(texts.parts[3], '00:00')" -%}
    {%- set anywhere = local ~ " || ' ' || texts.parts[4]" -%}
    case
        {%- if time_zone %}
        when
            texts.parts[4] is not null
            {%- if of_days %}
            and texts.parts[3] !~ '^(0?0:00(:00([.]0+)?)?( am)?|12:00(:00([.]0+)?)? am)$'
            {%- endif %}
            then case
                when pg_input_is_valid({{ anywhere }}, 'timestamp with time zone')
                    then cast({{ anywhere }} as timestamp with time zone) at time zone {{ time_zone }}
            end
        {%- endif %}
        when pg_input_is_valid({{ local }}, 'timestamp') then cast({{ local }} as timestamp)
    end
{%- endmacro %}


{#
    A date taken apart, as an array of texts: the day if the day comes first, the day if the month does, the time,
    the offset from UTC, and something where the year is short. Null where the text is no date.
#}
{% macro parts_of_date(text) -%}
    {%- set months = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec' -%}
    {%- set month = '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?'
        ~ '|sep(?:t|tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)' -%}
    {%- set sure_days = [
        '[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}',
        '[0-9]{8}',
        '[0-9]{1,2}(?:st|nd|rd|th)?[ ./-]*(?:of +)?' ~ month ~ '[ .,/-]*(?:[0-9]{4}|[0-9]{2})',
        month ~ '[ .]*[0-9]{1,2}(?:st|nd|rd|th)?[ ,]+[0-9]{4}',
        '[0-9]{4}[ ./-]*' ~ month ~ '[ ./-]*[0-9]{1,2}',
    ] -%}
    {%- set times = [
        '[0-9]{1,2}[:.h][0-9]{2}(?:[:.][0-9]{2}(?:[.,][0-9]{1,9})?)?',
        '[0-9]{4}(?:[0-9]{2})?',
        '[0-9]{1,2}(?= *[ap][.]? ?m)',
    ] -%}
    (
        select
            array[
                coalesce(days.sure_day, days.full_year || '-' || days.found[3] || '-' || days.found[2]),
                coalesce(days.sure_day, days.full_year || '-' || days.found[2] || '-' || days.found[3]),
                days.clock[1]
                || ':' || coalesce(days.clock[2], '00')
                || ':' || coalesce(days.clock[3], '00')
                || coalesce('.' || days.clock[4], '')
                || coalesce(' ' || lower(days.found[6]) || 'm', ''),
                coalesce(days.found[8], 'Z' || left(days.found[7], 0)),
                case when length(days.found[4]) = 2 then days.found[4] end
            ]
        from (
            select
                found_parts.found,
                -- 25-Aug-2021 and Aug 25, 2021 as 2021-Aug-25, 2021/08/25 as 2021-08-25.
                case
                    when found_parts.found[1] ~ '[[:alpha:]]'
                        then regexp_replace(
                            regexp_replace(
                                regexp_replace(
                                    regexp_replace(
                                        found_parts.found[1],
                                        '^([0-9]{1,2})(?![0-9])[^0-9]*({{ months }})[^0-9]*([0-9]+)$',
                                        '\3-\2-\1',
                                        'i'
                                    ),
                                    '^({{ months }})[^0-9]*([0-9]{1,2})[^0-9]+([0-9]{4})$',
                                    '\3-\1-\2',
                                    'i'
                                ),
                                '^([0-9]{4})[^0-9]*({{ months }})[^0-9]*([0-9]{1,2})$',
                                '\1-\2-\3',
                                'i'
                            ),
                            '^([0-9]{2})-',
                            '20\1-'
                        )
                    else translate(found_parts.found[1], '/.', '--')
                end as sure_day,
                case length(found_parts.found[4])
                    when 2 then '20' || found_parts.found[4]
                    else found_parts.found[4]
                end as full_year,
                regexp_match(
                    found_parts.found[5],
                    '^([0-9]{1,2})(?:[:.hH]?([0-9]{2}))?(?:[:.]?([0-9]{2}))?(?:[.,]([0-9]+))?$'
                ) as clock
            from (
                select
                    regexp_match(
                        {{ text }},
                        '^\s*(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[.,]*\s+)?'
                        || '(?:({{ sure_days | join("|") }})'
                        || '|([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4}|[0-9]{2}))'
                        -- Of a day and a time in columns of their own, each may have come with the other.
                        || '(?:[ T]+0?0:00(?::00)?(?:[.]0+)?(?=[ ]+[0-9]))?'
                        || '(?: +(?:1899-12-30|30/12/1899|12/30/1899)(?= ))?'
                        || '(?:(?:\s*,\s*|\s+at\s+|\s+-\s+|\s+|T)({{ times | join("|") }})'
                        || '\s*(?:([ap])[.]?\s?m[.]?)?(?:\s*(?:uhr|hrs|h))?'
                        || '(?:\s*(?:(z|utc|gmt)|(?:utc|gmt)?([+-][0-9]{2}(?::?[0-9]{2})?)))?'
                        || '(?:\s*[[(][^])]*[])])?)?\s*$',
                        'i'
                    ) as found
            ) as found_parts
            where found_parts.found is not null
            {{ evaluate_once() }}
        ) as days
    )
{%- endmacro %}
