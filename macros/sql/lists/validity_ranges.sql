{#
    The history of a list as validity ranges that never overlap: from `valid_from`, inclusive, to `valid_to`,
    exclusive. Joined to a sale by its day with `valid_on`.

    A version is valid from the day on which its change was loaded. The first version of a key is valid from the start
    of the calendar, because earlier values are unknown; the last one to its end. Of several versions on one day the
    last counts. Versions that differ in other columns only are one range; a key that left the list and came back has
    a gap.

    For the CTEs between `versions` and `final`; the last of them is `ranges`, with `key` and `values`.
    `versions` has the columns `key` (a list) and `values` (a list), `version_start` and `version_end` in UTC (null:
    still valid), and the columns of `prefer`: the order of precedence of versions valid on the same day. `changed_on`,
    if given, is a column with the day of the change in the list itself: it counts if it lies between the loading of
    the previous version and of this one.
#}
{% macro validity_ranges(key, values, prefer, changed_on=none) -%}
{%- set keys = key | join(', ') -%}
{%- set key_lines = key | join(',\n        ') -%}
{%- set beginning = "cast('" ~ var('calendar_start') ~ "' as date)" -%}
{%- set end = dbt.dateadd('day', 1, "cast('" ~ var('calendar_end') ~ "' as date)") -%}
{%- set stated_on = changed_on or 'cast(null as date)' -%}
{%- set ended_on = 'coalesce(' ~ company_date('version_end') ~ ', cast(' ~ end ~ ' as date))' -%}
{%- set is_repeated -%}
    exists (
        select 1 from repeated_keys
        where
            {%- for column in key %}
            {{ 'and ' if not loop.first }}versions.{{ column }} = repeated_keys.{{ column }}
            {%- endfor %}
    )
{%- endset -%}
-- Most keys never change: their only version is the range, and is compared with no other.
repeated_keys as (

    select
        {{ key_lines }}
    from versions
    group by {{ keys }}
    having count(*) > 1

),

single_versions as (

    select
        *,
        {{ ended_on }} as ended_on
    from versions
    where not {{ is_repeated }}

),

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
        {{ ended_on }} as ended_on
    from versions
    where {{ is_repeated }}

),

started_versions as (

    select
        *,
        case
            when is_first then {{ beginning }}
            when {{ stated_on }} between loaded_before_on and loaded_on then {{ stated_on }}
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

-- No version begins or ends within a stretch.
stretches as (

    select
        {{ key_lines }},
        boundary as started_on,
        lead(boundary) over (
            partition by {{ keys }} order by boundary
        ) as ended_on
    from boundaries

),

valid_stretches as (

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
    from valid_stretches
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
    union all
    select
        {{ key_lines }},
        {% for column in values -%}
        {{ column }},
        {% endfor -%}
        ended_on = cast({{ end }} as date) as is_current,
        {{ beginning }} as valid_from,
        ended_on as valid_to
    from single_versions
    where ended_on > {{ beginning }}

),
{%- endmacro %}


{#
    Join condition: a row of a history is valid on a day. Together with the keys it matches at most one row:

        left join {{ ref('dim_product_prices') }} as prices
            on sales.product_key = prices.product_key and {{ valid_on('prices', 'sales.business_date') }}
#}
{% macro valid_on(history, day) -%}
    {{ day }} >= {{ history }}.valid_from and {{ day }} < {{ history }}.valid_to
{%- endmacro %}
