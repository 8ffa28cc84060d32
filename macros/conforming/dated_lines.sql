{#
    Lines of touched files with the moments that they stand for: the select of a CTE, of the rows of `from` and

        sold_at_local           by the clocks of the branch; null where that cannot be told
        is_date_order_unclear   whether the day or the month comes first is not to be told: no moment
        has_time                whether the text holds a time of day

    `from` has the columns `file_id`, `file_business_date`, `time_zone` and `text`, a date. Most forms of dates
    leave no doubt (date_readings). Where the day or the month may come first, the file as a whole decides, and
    not the line, because one program has written it all:

    - A line that can be read in one order only counts for that order (25/08/2021), and so does one that could be
      read in both, for the order in which it is nearer to the day in the file's name, and within 31 days of it:
      a slip of the year tells nothing. The order with more lines holds for the file.
    - Where no line tells, `default_order` holds: what the source is known to write ('day_first', 'month_first').
    - Without one, on a tie, or where the other order would put the line on the file's own day or into the night
      after it, and this one would not: then the line is unclear, unless lines that can be read in one order
      only leave no doubt about the file.
    - Where lines that can be read in one order only contradict each other, the others are unclear, but for those
      on the file's own day, or in the night after it, in one order. Unless one side has ten times as many of
      them: one slip makes no second program.

    A year of two digits counts on the file's own day and in the night after it. `counted` is a relation or
    query of the same lines: `from`, or what costs less to read. `of_days` as for date_readings.
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


{# A moment on the day in the file's name, or in the night after it: trading does not end at midnight. #}
{% macro is_of_file(moment) -%}
    {{ days_between('lines.file_business_date', 'cast(' ~ moment ~ ' as date)') }} in (0, 1)
{%- endmacro %}


{#
    One row per file version that holds a date whose day or month may come first: which does (`date_order`,
    'mixed' or 'unclear'), and whether lines that leave no doubt say so, and none the contrary.
#}
{% macro date_orders(lines, text, default_order) -%}
    {%- if linted('date_orders', text) -%}
        {{ return('select * from ' ~ linted('date_orders', text)) }}
    {%- endif -%}
    {{ return(adapter.dispatch('date_orders', 'branchline')(lines, text, default_order)) }}
{%- endmacro %}

{#- Counted by the beginning of the date, of which a file has few, and then read. -#}
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
            {#- How many days it is off the day in the file's name. #}
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
                        {#- A weekday, or signs that nobody sees, may stand in front. #}
                        left(given.{{ text }}, case when ascii(given.{{ text }}) between 48 and 57 then 15 else 30 end)
                            as beginning
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
