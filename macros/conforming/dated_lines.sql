{#
    Lines of touched files with their parsed times: the select of a CTE, of the rows of `from` and

        sold_at_local           local time of the branch; null where unreadable or ambiguous
        is_date_order_unclear   whether day and month are ambiguous
        has_time                whether the text has a time of day

    `from` has the columns `file_id`, `file_business_date`, `time_zone` and `text`, a date. Most date formats are
    unambiguous (date_readings). Where day or month may come first, the whole file decides, not the line, because one
    program wrote it:

    - A certain line, valid in one order only (25/08/2021), counts for that order. Any other line counts for the order
      that is nearer to the day in the file's name, if within 31 days of it: a wrong year counts for neither. The
      order with more lines applies to the file.
    - Where no line decides, `default_order` applies: the source's known format ('day_first', 'month_first').
    - Without one, on a tie, or where only the other order gives the file's own day or the night after it, the line is
      ambiguous, unless certain lines decide for the file.
    - If certain lines contradict each other, all others are ambiguous, except those on the file's own day, or in the
      night after it, in one order. If one side has ten times as many lines, it decides: a few typing errors do not
      make a second program.

    A two-digit year is accepted only on the file's own day and in the night after it. `counted` is a relation or
    query of the same lines: `from`, or a cheaper one. `of_days` as for date_readings.
#}
{% macro dated_lines(from, text, counted=none, default_order=none, of_days=false) -%}
    {%- set default_order = "'" ~ (default_order or 'unclear') ~ "'" -%}
    {%- set date_order = 'coalesce(orders.date_order, ' ~ default_order ~ ')' -%}
    select
        lines.*,
        dated.sold_at_local,
        dated.is_date_order_unclear,
        dated.has_time
    from {{ from }} as lines
    left join (
        {{ date_orders(counted or from, text, default_order) | indent(8) }}
    ) as orders on lines.file_id = orders.file_id
    cross join lateral (
        select
            readings.has_time,
            readings.is_unclear as is_date_order_unclear,
            case
                when not readings.is_unclear
                    and (not readings.is_year_short or {{ is_of_file('readings.likely') }})
                    then readings.likely
            end as sold_at_local
        from (
            select
                choices.*,
                coalesce(
                    choices.likely <> choices.other
                    and (
                        {{ date_order }} = 'unclear'
                        or (
                            {{ date_order }} = 'mixed'
                            and {{ is_of_file('choices.likely') }} is not true
                        )
                        or (
                            orders.is_date_order_sure is not true
                            and {{ is_of_file('choices.other') }}
                            and not {{ is_of_file('choices.likely') }}
                        )
                    ),
                    false
                ) as is_unclear
            from (
                select
                    moments.has_time,
                    moments.is_year_short,
                    moments.month_comes_first,
                    case
                        when moments.month_comes_first
                            then coalesce(moments.month_first_at, moments.day_first_at)
                        else coalesce(moments.day_first_at, moments.month_first_at)
                    end as likely,
                    case
                        when moments.month_comes_first then moments.day_first_at
                        else moments.month_first_at
                    end as other
                from (
                    select
                        readable.*,
                        {{ date_order }} = 'month_first'
                        or (
                            {{ date_order }} = 'mixed'
                            and {{ is_of_file('readable.day_first_at') }} is not true
                        ) as month_comes_first
                    from {{ date_readings('lines.' ~ text, 'readable', 'lines.time_zone', of_days) }}
                    {{ evaluate_once() }}
                ) as moments
            ) as choices
        ) as readings
    ) as dated
    {{ evaluate_once() }}
{%- endmacro %}


{# A time on the day in the file's name, or in the night after it: trading may go on after midnight. #}
{% macro is_of_file(moment) -%}
    {{ days_between('lines.file_business_date', 'cast(' ~ moment ~ ' as date)') }} in (0, 1)
{%- endmacro %}


{#
    One row per file version with ambiguous dates: which of day and month comes first (`date_order`, or 'mixed' or
    'unclear'), and whether unambiguous lines agree on it without a contrary one.
#}
{% macro date_orders(lines, text, default_order) -%}
    {%- if linted('date_orders', text) -%}
        {{ return('select * from ' ~ linted('date_orders', text)) }}
    {%- endif -%}
    {{ return(one_token(adapter.dispatch('date_orders', 'branchline')(lines, text, default_order))) }}
{%- endmacro %}

{#- Counted by the beginning of the date, of which a file has few distinct ones, then parsed. -#}
{% macro postgres__date_orders(lines, text, default_order) -%}
select
    counts.file_id,
    case
        when least(counts.sure_days, counts.sure_months) * 10 > greatest(counts.sure_days, counts.sure_months)
            then 'mixed'
        when counts.days > counts.months then 'day_first'
        when counts.days < counts.months then 'month_first'
        when counts.days = 0 then {{ default_order }}
        else 'unclear'
    end as date_order,
    case
        when counts.days > counts.months then counts.sure_days > 0 and counts.sure_months = 0
        else counts.sure_months > 0 and counts.sure_days = 0
    end as is_date_order_sure
from (
    select
        votes.file_id,
        coalesce(sum(votes.lines) filter (where votes.first > 12), 0) as sure_days,
        coalesce(sum(votes.lines) filter (where votes.second > 12), 0) as sure_months,
        coalesce(
            sum(votes.lines) filter (where votes.first > 12 or votes.off_if_day < least(votes.off_if_month, 32)), 0
        ) as days,
        coalesce(
            sum(votes.lines) filter (where votes.second > 12 or votes.off_if_month < least(votes.off_if_day, 32)), 0
        ) as months
    from (
        select
            numbers.*,
            {#- Days between it and the day in the file's name. #}
            case
                when numbers.first <= 12 and numbers.second <= 12
                    then abs(make_date(numbers.year, numbers.second, numbers.first) - numbers.file_business_date)
            end as off_if_day,
            case
                when numbers.first <= 12 and numbers.second <= 12
                    then abs(make_date(numbers.year, numbers.first, numbers.second) - numbers.file_business_date)
            end as off_if_month
        from (
            select
                beginnings.file_id,
                beginnings.file_business_date,
                beginnings.lines,
                cast(beginnings.numbers[1] as integer) as first,
                cast(beginnings.numbers[2] as integer) as second,
                cast(right('20' || beginnings.numbers[3], 4) as integer) as year
            from (
                select
                    dates.file_id,
                    dates.file_business_date,
                    count(*) as lines,
                    regexp_match(
                        {{ branchline.plain_text('dates.beginning') }},
                        '^[^0-9]*([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4}|[0-9]{2})(?![0-9])'
                    ) as numbers
                from (
                    select
                        given.file_id,
                        given.file_business_date,
                        {#- As long as the pattern, with one character behind it. A weekday or invisible characters
                        may come first. #}
                        left(
                            given.{{ text }},
                            case
                                when
                                    ascii(given.{{ text }}) between 48 and 57
                                    and octet_length(given.{{ text }}) = length(given.{{ text }})
                                    then 11
                                else 30
                            end
                        ) as beginning
                    from {{ lines }} as given
                ) as dates
                group by dates.file_id, dates.file_business_date, dates.beginning
                {{ evaluate_once() }}
            ) as beginnings
            {{ evaluate_once() }}
        ) as numbers
        where
            numbers.first between 1 and 31
            and numbers.second between 1 and 31
            and numbers.first <> numbers.second
            and numbers.year > 0
            and (numbers.first <= 12 or numbers.second <= 12)
    ) as votes
    group by votes.file_id
) as counts
{%- endmacro %}
