{#
    The history of a list as ranges of days that never overlap: from `valid_from`, counted, to `valid_to`,
    not counted. Joined to a sale by its day with `valid_on`.

    A version of a list holds from the day on which its change was loaded. The first version of a key holds
    from the beginning of the calendar, because nobody knows what was before; the last one to its end. Of
    several versions of one day the last holds. Versions that differ in other columns only are one range;
    what left the list and came back has a gap.

    For the CTEs between `versions` and `final`; the last of them is `ranges`, with `key` and `values`.
    `versions` has the columns `key` (a list) and `values` (a list), `version_start` and `version_end` in UTC
    (null: still holds), and the columns of `prefer`: the order in which versions that hold on the same day
    go before one another. `told_on`, where it is given, is a column with the day of the change as the list itself
    tells it: it counts where it lies between the loading of the version before and that of the version.
#}
{% macro validity_ranges(key, values, prefer, told_on=none) -%}
{%- set keys = key | join(', ') -%}
{%- set key_lines = key | join(',\n        ') -%}
{%- set beginning = "cast('" ~ var('calendar_start') ~ "' as date)" -%}
{%- set end = dbt.dateadd('day', 1, "cast('" ~ var('calendar_end') ~ "' as date)") -%}
{%- set told = told_on or 'cast(null as date)' -%}
dated_versions as (

    select
        *,
        {{ company_date('version_start') }} as loaded_on,
        lag({{ company_date('version_start') }}) over (
            partition by {{ keys }} order by version_start
        ) as loaded_before_on,
        version_start = min(version_start) over (
            partition by {{ keys }}
        ) as is_first,
        coalesce({{ company_date('version_end') }}, cast({{ end }} as date)) as ended_on
    from versions

),

started_versions as (

    select
        *,
        case
            when is_first then {{ beginning }}
            when {{ told }} between loaded_before_on and loaded_on then {{ told }}
            else loaded_on
        end as started_on
    from dated_versions

),

boundaries as (

    select
        {{ key_lines }},
        started_on as boundary
    from started_versions
    union
    select
        {{ key_lines }},
        ended_on as boundary
    from started_versions

),

-- Within a stretch no version begins or ends.
stretches as (

    select
        {{ key_lines }},
        boundary as started_on,
        lead(boundary) over (
            partition by {{ keys }} order by boundary
        ) as ended_on
    from boundaries

),

told_stretches as (

    select
        {% for column in key -%}
        stretches.{{ column }},
        {% endfor -%}
        {% for column in values -%}
        started_versions.{{ column }},
        {% endfor -%}
        stretches.started_on,
        stretches.ended_on,
        row_number() over (
            partition by
                {% for column in key -%}
                stretches.{{ column }},
                {% endfor -%}
                stretches.started_on
            order by
                {%- for column in prefer %}
                started_versions.{{ column }},
                {%- endfor %}
                started_versions.version_start desc
        ) as place
    from stretches
    inner join started_versions
        on
            stretches.started_on >= started_versions.started_on
            and stretches.ended_on <= started_versions.ended_on
            {%- for column in key %}
            and stretches.{{ column }} = started_versions.{{ column }}
            {%- endfor %}

),

compared_stretches as (

    select
        *,
        lag(ended_on) over (
            partition by {{ keys }} order by started_on
        ) as ended_before_on
        {%- for column in values %},
        lag({{ column }}) over (
            partition by {{ keys }} order by started_on
        ) as former_{{ column }}
        {%- endfor %}
    from told_stretches
    where place = 1

),

numbered_stretches as (

    select
        *,
        sum(
            case
                when
                    ended_before_on = started_on
                    {%- for column in values %}
                    and former_{{ column }} is not distinct from {{ column }}
                    {%- endfor %}
                    then 0
                else 1
            end
        ) over (
            partition by {{ keys }} order by started_on
        ) as range_number
    from compared_stretches

),

ranges as (

    select
        {{ key_lines }},
        {% for column in values -%}
        {{ column }},
        {% endfor -%}
        max(ended_on) = cast({{ end }} as date) as is_current,
        min(started_on) as valid_from,
        max(ended_on) as valid_to
    from numbered_stretches
    group by {{ keys }}, range_number{% for column in values %}, {{ column }}{% endfor %}

),
{%- endmacro %}


{#
    Condition of a join: a row of a history holds on a day. With the keys beside it, at most one row does:

        left join {{ ref('dim_product_prices') }} as prices
            on sales.product_key = prices.product_key and {{ valid_on('prices', 'sales.business_date') }}
#}
{% macro valid_on(history, day) -%}
    {{ day }} >= {{ history }}.valid_from and {{ day }} < {{ history }}.valid_to
{%- endmacro %}
