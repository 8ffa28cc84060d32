{#
    For a lateral join: one row with the possible readings of a date, with or without a time, as columns

        day_first_at, month_first_at   local time of the branch; equal where the text is unambiguous, null where
                                       there is no such time
        has_time                       whether the text has a time of day
        is_year_short                  whether the year has two digits only

    Ambiguous formats: 25/08/2021 09:01, 8/25/2021 9:01 and 25.08.2021 09.01. Unambiguous: 2021-08-25T09:01:00.000,
    2021/08/25, 20210825 0901, 25-Aug-2021, Aug 25, 2021, 2021 August 25, August 2021 25. Seconds, fractions of a second,
    AM or PM may follow; a comma or a weekday is allowed. Words that PostgreSQL accepts as a time ('now', 'infinity')
    are not.

    `time_zone`: SQL of the IANA name of the branch's time zone. A time with an offset from UTC (Z, +05:30) is then
    converted to local time; without it the offset is ignored. With `of_days` midnight is not converted: programs
    append it to a day.
#}
{% macro date_readings(text, alias, time_zone=none, of_days=false) -%}
    {%- if linted('date_readings', text) -%}
        {{ return(linted('date_readings', text) ~ ' as ' ~ alias) }}
    {%- endif -%}
    {{ return(one_token(adapter.dispatch('date_readings', 'branchline')(text, alias, time_zone, of_days))) }}
{%- endmacro %}

{% macro postgres__date_readings(text, alias, time_zone=none, of_days=false) -%}
    {%- set iso_moment = '[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?' -%}
    (
        select
            {{ moment_of('texts.parts[1]', time_zone) }} as day_first_at,
            {{ moment_of('texts.parts[2]', time_zone) }} as month_first_at,
            texts.parts[3] is not null as has_time,
            texts.parts[5] is not null as is_year_short
        from (
            {#- The tills' format is cut by position, and the formats of databases and of JSON are recognized by
            their separators, or by a short pattern: the long one takes a millisecond for each text. -#}
            select
                case translate({{ text }}, '123456789', '000000000')
                    when '00/00/0000 00:00'
                        then array[
                            substr({{ text }}, 7, 4) || substr({{ text }}, 4, 2) || left({{ text }}, 2)
                            || right({{ text }}, 6),
                            substr({{ text }}, 7, 4) || left({{ text }}, 2) || substr({{ text }}, 4, 2)
                            || right({{ text }}, 6),
                            'time',
                            null,
                            null
                        ]
                    when '00000000' then array[{{ text }}, {{ text }}, null, null, null]
                    when '0000-00-00' then array[{{ text }}, {{ text }}, null, null, null]
                    when '0000-00-00 00:00:00' then array[{{ text }}, {{ text }}, 'time', null, null]
                    {%- if not of_days %}
                    when '0000-00-00T00:00:00Z' then array[{{ text }}, {{ text }}, 'time', 'z', null]
                    when '0000-00-00T00:00:00+00:00' then array[{{ text }}, {{ text }}, 'time', 'offset', null]
                    when '0000-00-00T00:00:00-00:00' then array[{{ text }}, {{ text }}, 'time', 'offset', null]
                    {%- endif %}
                    else
                        case
                            when {{ text }} ~ '^{{ iso_moment }}$' then array[{{ text }}, {{ text }}, 'time', null, null]
                            {%- if not of_days %}
                            when {{ text }} ~ '^{{ iso_moment }}(Z|[+-][0-9]{2}:(00|15|30|45))$'
                                then array[{{ text }}, {{ text }}, 'time', 'offset', null]
                            {%- endif %}
                            else {{ branchline.parts_of_date(branchline.plain_text(text), of_days) }}
                        end
                end as parts
            {#- Like evaluate_once, which sqlfluff does not accept without a from. #}
            limit 1
        ) as texts
        {{ evaluate_once() }}
    ) as {{ alias }}
{%- endmacro %}


{# The time in a text, for date_readings; null for none. #}
{% macro moment_of(text, time_zone) -%}
    case
        when pg_input_is_valid({{ text }}, 'timestamp')
            then
                {%- if time_zone %}
                case
                    when texts.parts[4] is not null
                        then cast({{ text }} as timestamp with time zone) at time zone {{ time_zone }}
                    else cast({{ text }} as timestamp)
                end
                {%- else %} cast({{ text }} as timestamp)
                {%- endif %}
    end
{%- endmacro %}


{#
    The parts of a date as an array of texts: the time if the day comes first, the time if the month does, the time of
    day, the offset from UTC where it counts, and a marker for a two-digit year. Null where the text is not a date.
#}
{% macro parts_of_date(text, of_days) -%}
    {%- set months = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec' -%}
    {%- set month = '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?'
        ~ '|sep(?:t|tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)' -%}
    {%- set sure_days = [
        '[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}',
        '[0-9]{8}',
        '[0-9]{1,2}(?:st|nd|rd|th)?[ ./-]*(?:of +)?' ~ month ~ '[ .,/-]*(?:[0-9]{4}|[0-9]{2})',
        month ~ '[ .]*[0-9]{1,2}(?:st|nd|rd|th)?[ ,]+[0-9]{4}',
        month ~ '[ .,/-]+[0-9]{4}[ .,/-]+[0-9]{1,2}(?:st|nd|rd|th)?',
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
                concat_ws(' ', coalesce(days.sure_day, days.day_first), days.time_of_day, days.utc_offset),
                concat_ws(' ', coalesce(days.sure_day, days.month_first), days.time_of_day, days.utc_offset),
                days.time_of_day,
                {%- if of_days %}
                case
                    when days.time_of_day !~ '^(0?0:00:00([.]0+)?( am)?|12:00:00([.]0+)? am)$'
                        then days.utc_offset
                end,
                {%- else %}
                days.utc_offset,
                {%- endif %}
                days.short_year
            ]
        from (
            select
                -- 25-Aug-2021 and Aug 25, 2021 as 2021-Aug-25, 2021/08/25 as 2021-08-25.
                case
                    when found_parts.found[1] ~ '[[:alpha:]]'
                        then concat_ws(
                            '-',
                            right('20' || substring(found_parts.found[1] from '[0-9]{4}|[0-9]{2}$'), 4),
                            substring(found_parts.found[1] from '(?i){{ months }}'),
                            substring(found_parts.found[1] from '(?<![0-9])([0-9]{1,2})(?![0-9])')
                        )
                    else translate(found_parts.found[1], '/.', '--')
                end as sure_day,
                found_parts.full_year || '-' || found_parts.found[3] || '-' || found_parts.found[2] as day_first,
                found_parts.full_year || '-' || found_parts.found[2] || '-' || found_parts.found[3] as month_first,
                found_parts.clock[1] || concat(
                    ':',
                    coalesce(found_parts.clock[2], '00'),
                    ':',
                    coalesce(found_parts.clock[3], '00'),
                    '.' || found_parts.clock[4],
                    ' ' || lower(found_parts.found[6]) || 'm'
                ) as time_of_day,
                coalesce(found_parts.found[7], found_parts.found[8]) as utc_offset,
                case when length(found_parts.found[4]) = 2 then found_parts.found[4] end as short_year
            from (
                select
                    found,
                    right('20' || found[4], 4) as full_year,
                    regexp_match(
                        found[5], '^([0-9]{1,2})(?:[:.hH]?([0-9]{2}))?(?:[:.]?([0-9]{2}))?(?:[.,]([0-9]+))?$'
                    ) as clock
                from regexp_match(
                    {{ text }},
                    '^\s*(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[.,]*\s+)?'
                    || '(?:({{ sure_days | join("|") }})'
                    || '|([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4}|[0-9]{2}))'
                    -- If day and time have columns of their own, each may have a default for the
                    -- other.
                    || '(?:[ T]+0?0:00(?::00)?(?:[.]0+)?(?=[ ]+[0-9]))?'
                    || '(?: +(?:1899-12-30|30/12/1899|12/30/1899)(?= ))?'
                    || '(?:(?:\s*,\s*|\s+at\s+|\s+-\s+|\s+|T)({{ times | join("|") }})'
                    || '\s*(?:([ap])[.]?\s?m[.]?)?(?:\s*(?:uhr|hrs|h))?'
                    -- Brackets contain the zone of the offset before them.
                    || '(?:\s*(?:(z|utc|gmt)|(?:utc|gmt)?([+-][0-9]{2}(?::?(?:00|15|30|45))?))'
                    || '(?:\s*[[(][^])]*[])])?)?)?\s*$',
                    'i'
                ) as found
            ) as found_parts
            where found_parts.found is not null
            {{ evaluate_once() }}
        ) as days
    )
{%- endmacro %}
