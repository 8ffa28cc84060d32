{#
    CTEs that compute the first and last credible trading day of a branch or source (the columns `key`); the last of
    them is `ranges`: the key, `first_date` and `last_date`.

    A receipt counts on its stated day. But a wrong clock or a typing error must not make a branch decades old, or
    move the as-of date into the future. So the days at both ends must be credible. Days without a gap of more than
    `credible_gap_days` (or ten times the usual gap for rare sales, but at most a year) are a run. Days between
    credible runs belong to the range, too. A year has 400 days here, because fairs and holidays move.

    - A day in the future of all its files is not credible, unless there is no other.
    - The run with the most days is credible; of equal ones the latest.
    - So is any other run of at least `credible_run_days` days, or of as many as the longest, if that has more than
      one. Days more than a year before the dates in their files' names do not count.
    - So is a run with a day that was loaded within `credible_file_days` days after it. So a branch that reopens is
      open from its first day on.
    - So is a run whose files are named for its days, if the longest run is at most a year away. Further away, the
      clock that named the files may have been wrong.

    `days` has the columns of int_branch_days__measured; several rows of one day are combined. Days are many and
    stretches few: days are not sorted, but blocks of so many days that a gap within one is never too long.
#}
{% macro trading_ranges(days, key) -%}
{%- set keys = key | join(', ') -%}
{%- set key_lines = key | join(',\n        ') -%}
{%- set year = 400 -%}
known_days as (

    select
        {{ key_lines }},
        min(days_off_file_name) as days_off_file_name,
        {{ dbt.bool_or('not is_after_file') }} as is_possible,
        {{ dbt.bool_or('is_delivered_in_time') }} as is_delivered_in_time,
        business_date
    from {{ days }}
    group by
        {{ key_lines }},
        business_date

),

-- No gap between the days of one block is too long: only blocks are put in order.
blocks as (

    select
        {{ key_lines }},
        is_possible,
        count(*) as days,
        sum(case when coalesce(days_off_file_name, 0) <= {{ year }} then 1 else 0 end)
            as credible_days,
        min(days_off_file_name) as days_off_file_name,
        {{ dbt.bool_or('is_delivered_in_time') }} as is_delivered_in_time,
        min(business_date) as first_date,
        max(business_date) as last_date
    from known_days
    group by
        {{ key_lines }},
        is_possible,
        floor(
            {{ days_between("cast('1970-01-01' as date)", 'business_date') }}
            / cast(greatest({{ var('credible_gap_days') }}, 1) as numeric)
        )

),

blocks_apart as (

    select
        *,
        {{ days_between('lag(last_date) over blocks_before', 'first_date') }} as days_since_last
    from blocks
    window blocks_before as (partition by {{ keys }}, is_possible order by first_date)

),

numbered_blocks as (

    select
        *,
        sum(
            case when days_since_last > {{ var('credible_gap_days') }} then 1 else 0 end
        ) over (
            partition by {{ keys }}, is_possible order by first_date
        ) as stretch_number
    from blocks_apart

),

stretches as (

    select
        {{ key_lines }},
        is_possible,
        {{ dbt.bool_or('is_possible') }} over (partition by {{ keys }}) as has_possible,
        cast(sum(days) as bigint) as days,
        cast(sum(credible_days) as bigint) as credible_days,
        coalesce(min(days_off_file_name) <= {{ var('credible_file_days') }}, false) as is_named,
        {{ dbt.bool_or('is_delivered_in_time') }} as is_delivered_in_time,
        min(first_date) as first_date,
        max(last_date) as last_date
    from numbered_blocks
    group by
        {{ key_lines }},
        is_possible,
        stretch_number

),

stretches_apart as (

    select
        *,
        {{ days_between('lag(last_date) over stretches_before', 'first_date') }} as days_since_last
    from stretches
    where is_possible or not has_possible
    window stretches_before as (partition by {{ keys }} order by first_date)

),

-- The usual gap is the gap within stretches, unless most gaps are between them.
rhythms as (

    select
        {{ key_lines }},
        case
            when sum(days - 1) >= count(days_since_last)
                then sum({{ days_between('first_date', 'last_date') }})
                    / nullif(cast(sum(days - 1) as numeric), 0)
            else {{ value_at(0.5, 'days_since_last') }}
        end as usual_gap
    from stretches_apart
    group by
        {{ key_lines }}

),

numbered_stretches as (

    select
        stretches_apart.*,
        sum(
            case
                when
                    stretches_apart.days_since_last
                    > least(greatest(10 * rhythms.usual_gap, {{ var('credible_gap_days') }}), {{ year }})
                    then 1
                else 0
            end
        ) over (
            partition by
                {%- for column in key %}
                stretches_apart.{{ column }}{{ ',' if not loop.last }}
                {%- endfor %}
            order by stretches_apart.first_date
        ) as run_number
    from stretches_apart
    inner join rhythms
        on
            {%- for column in key %}
            {{ 'and ' if not loop.first }}stretches_apart.{{ column }} = rhythms.{{ column }}
            {%- endfor %}

),

runs as (

    select
        {{ key_lines }},
        run_number,
        sum(credible_days) as days,
        {{ dbt.bool_or('is_named') }} as is_named,
        {{ dbt.bool_or('is_delivered_in_time') }} as is_delivered_in_time,
        min(first_date) as first_date,
        max(last_date) as last_date
    from numbered_stretches
    group by
        {{ key_lines }},
        run_number

),

compared_runs as (

    select
        *,
        row_number() over longest_first as place,
        first_value(days) over longest_first as most_days,
        first_value(first_date) over longest_first as longest_first_date,
        first_value(last_date) over longest_first as longest_last_date
    from runs
    window longest_first as (
        partition by {{ keys }} order by days desc, last_date desc
    )

),

ranges as (

    select
        {{ key_lines }},
        min(first_date) as first_date,
        max(last_date) as last_date
    from compared_runs
    where
        place = 1
        or is_delivered_in_time
        or (days > 1 and days >= least({{ var('credible_run_days') }}, most_days))
        or (
            is_named
            and {{ days_between('last_date', 'longest_first_date') }} <= {{ year }}
            and {{ days_between('longest_last_date', 'first_date') }} <= {{ year }}
        )
    group by
        {{ key_lines }}

)
{%- endmacro %}
