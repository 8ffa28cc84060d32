{#
    Lines of touched files with the moments that they stand for: the select of a CTE, of the rows of `from` and

        sold_at_local           by the clocks of the branch; null where that cannot be told
        is_date_order_unclear   whether the day or the month comes first is not to be told: no moment
        has_time                whether the text holds a time of day

    `from` has the columns `file_id`, `file_business_date`, `time_zone` and `text`, a date. Most forms of dates
    leave no doubt (date_readings). Where the day or the month may come first, the file as a whole decides, and
    not the line, because one program has written it all:

    - A line that can be read in one order only counts for that order (25/08/2021), and so does one that could be
      read in both, for the order in which it is nearer to the day in the file's name. The order with more lines
      holds for the file.
    - Where no line tells, `default_order` holds: what the source is known to write ('day_first', 'month_first').
    - Without one, on a tie, or where the other order would put the line on the file's own day or into the night
      after it, and this one would not: then the line is unclear, unless lines that can be read in one order
      only leave no doubt about the file.

    A year of two digits counts on the file's own day and in the night after it. `counted` is a relation or
    query of the same lines: `from`, or what costs less to read. `of_days` as for date_readings.
#}
{% macro dated_lines(from, text, counted=none, default_order=none, of_days=false) -%}
    {%- set default_order = "'" ~ (default_order or 'unclear') ~ "'" -%}
    {%- set date_order = 'coalesce(orders.date_order, ' ~ default_order ~ ')' -%}
    {%- set file_day = 'lines.file_business_date' -%}
    select
        lines.*,
        {{ this_moment(date_order, file_day) }} as sold_at_local,
        {{ is_order_unclear(date_order, file_day) }} as is_date_order_unclear,
        readings.has_time
    from {{ from }} as lines
    left join (
        {{ date_orders(counted or from, text, default_order) | indent(8) }}
    ) as orders on lines.file_id = orders.file_id
    cross join lateral {{ date_readings('lines.' ~ text, 'readings', 'lines.time_zone', of_days) }}
    {{ evaluate_once() }}
{%- endmacro %}


{% macro is_order_unclear(date_order, file_day) -%}
    coalesce(
        readings.day_first_at <> readings.month_first_at
        and (
            {{ date_order }} = 'unclear'
            or (
                not coalesce(orders.is_date_order_sure, false)
                and case {{ date_order }}
                    when 'day_first'
                        then {{ is_of_file('readings.month_first_at', file_day) }}
                        and not {{ is_of_file('readings.day_first_at', file_day) }}
                    else {{ is_of_file('readings.day_first_at', file_day) }}
                        and not {{ is_of_file('readings.month_first_at', file_day) }}
                end
            )
        ),
        false
    )
{%- endmacro %}


{% macro this_moment(date_order, file_day) -%}
    {%- set found -%}
        case
            when readings.day_first_at is null or readings.month_first_at is null
                or readings.day_first_at = readings.month_first_at
                then coalesce(readings.day_first_at, readings.month_first_at)
            when {{ is_order_unclear(date_order, file_day) }} then null
            when {{ date_order }} = 'day_first' then readings.day_first_at
            else readings.month_first_at
        end
    {%- endset -%}
    case when not readings.is_year_short or {{ is_of_file(found, file_day) }} then {{ found }} end
{%- endmacro %}


{# A moment on the day in the file's name, or in the night after it: trading does not end at midnight. #}
{% macro is_of_file(moment, file_day) -%}
    coalesce({{ days_between(file_day, 'cast(' ~ moment ~ ' as date)') }} in (0, 1), false)
{%- endmacro %}


{#
    One row per file version that holds a date whose day or month may come first: which does (`date_order`,
    or 'unclear'), and whether lines that leave no doubt say so, and none the contrary.
#}
{% macro date_orders(lines, text, default_order) -%}
    {{ return(adapter.dispatch('date_orders', 'branchline')(lines, text, default_order)) }}
{%- endmacro %}

{#- Counted by the beginning of the text, of which a file has few, and then read. -#}
{% macro postgres__date_orders(lines, text, default_order) -%}
select
    votes.file_id,
    case
        when sum(votes.for_day) > sum(votes.for_month) then 'day_first'
        when sum(votes.for_day) < sum(votes.for_month) then 'month_first'
        when sum(votes.for_day) = 0 then {{ default_order }}
        else 'unclear'
    end as date_order,
    case
        when sum(votes.for_day) > sum(votes.for_month)
            then bool_or(votes.is_sure) and not bool_or(votes.is_sure and votes.for_month > 0)
        else bool_or(votes.is_sure) and not bool_or(votes.is_sure and votes.for_day > 0)
    end as is_date_order_sure
from (
    select
        numbers.file_id,
        numbers.first > 12 or numbers.second > 12 as is_sure,
        case
            when numbers.second > 12 then 0
            when numbers.first > 12 then numbers.lines
            when
                abs(make_date(numbers.year, numbers.second, numbers.first) - numbers.file_business_date)
                < abs(make_date(numbers.year, numbers.first, numbers.second) - numbers.file_business_date)
                then numbers.lines
            else 0
        end as for_day,
        case
            when numbers.first > 12 then 0
            when numbers.second > 12 then numbers.lines
            when
                abs(make_date(numbers.year, numbers.first, numbers.second) - numbers.file_business_date)
                < abs(make_date(numbers.year, numbers.second, numbers.first) - numbers.file_business_date)
                then numbers.lines
            else 0
        end as for_month
    from (
        select
            beginnings.file_id,
            beginnings.file_business_date,
            beginnings.lines,
            cast(beginnings.numbers[1] as integer) as first,
            cast(beginnings.numbers[2] as integer) as second,
            cast(
                case when length(beginnings.numbers[3]) = 2 then '20' else '' end || beginnings.numbers[3]
                as integer
            ) as year
        from (
            select
                counted.file_id,
                counted.file_business_date,
                count(*) as lines,
                regexp_match(
                    left(counted.{{ text }}, 15),
                    '^[^0-9]*([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4}|[0-9]{2})(?![0-9])'
                ) as numbers
            from {{ lines }} as counted
            group by counted.file_id, counted.file_business_date, left(counted.{{ text }}, 15)
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
{%- endmacro %}
