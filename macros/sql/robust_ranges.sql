{#
    What is judged of a period's trade, each by an expression over the columns of `alias`: what was
    sold, how many receipts, which share of them is negative (refunds), items per receipt.
#}
{% macro trade_measures(alias) -%}
    {{ return({
        'sales': 'cast(' ~ alias ~ '.net_amount as numeric(18, 4))',
        'receipts': 'cast(' ~ alias ~ '.receipts as numeric(18, 4))',
        'refund_share':
            'cast(1.0 * ' ~ alias ~ '.refunds / ' ~ alias ~ '.receipts as numeric(18, 4))',
        'basket_size':
            'cast(1.0 * ' ~ alias ~ '.items_sold / ' ~ alias ~ '.receipts as numeric(18, 4))',
    }) }}
{%- endmacro %}

{# The same as columns of a select. #}
{% macro trade_measure_columns(alias) -%}
    {%- for measure, expression in trade_measures(alias).items() -%}
    {{ expression }} as {{ measure }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# Beside them, in a window over the same rows: their values in the earlier periods, and how many. #}
{% macro past_measure_columns(window) -%}
    count(*) over {{ window }} as history_periods
    {%- for measure in ['sales', 'receipts', 'refund_share', 'basket_size'] %},
        array_agg({{ measure }}) over {{ window }} as past_{{ measure }}
    {%- endfor -%}
{%- endmacro %}


{# The middle one of an array's values, or the mean of the two in the middle; four decimals. #}
{% macro median_of(values) -%}
    {{ return(adapter.dispatch('median_of', 'branchline')(values)) }}
{%- endmacro %}

{% macro postgres__median_of(values) -%}
    (
        select cast(percentile_cont(0.5) within group (order by past.value) as numeric(18, 4))
        from unnest({{ values }}) as past (value)
    )
{%- endmacro %}

{# The median of the values' distances from `middle`. #}
{% macro deviation_of(values, middle) -%}
    {{ return(adapter.dispatch('deviation_of', 'branchline')(values, middle)) }}
{%- endmacro %}

{% macro postgres__deviation_of(values, middle) -%}
    (
        select
            cast(
                percentile_cont(0.5) within group (order by abs(past.value - {{ middle }}))
                as numeric(18, 4)
            )
        from unnest({{ values }}) as past (value)
    )
{%- endmacro %}


{#
    CTEs that hold periods against earlier periods of their own, measure by measure; the last of them is
    `scored`: one row per period and measure with a past, with the `columns` of the period.

    Wants a CTE `judged`: a period's columns, its measures and those of its past (the two macros above).
    The past comes as arrays, and not by a join: the database cannot guess how many rows such a join has,
    and once it takes them for few, a rebuild never ends. The range is that of Iglewicz and Hoaglin, "How
    to Detect and Handle Outliers" (1993): expected is the median of the past, the score is 0.6745 times
    the distance from it in median absolute deviations (MAD), and what has a score beyond 3.5 is out of
    range.

    - A MAD below `min_mad_percent` of the median counts as that much (a refund share:
      `anomaly_min_refund_mad`), so that a past in which all periods were alike, with a MAD of 0, does
      not make every penny odd. Where that is 0 too, because the median is, nothing is judged.
    - A distance up to `min_change_percent` of the median (a refund share: `anomaly_min_refund_change`)
      is never odd: with a dozen periods a MAD is a rough measure, and nobody reads about small change.
      Nor is one of no more receipts than `anomaly_min_receipts_change`; of a refund share, of fewer refunds
      than `min_refunds`, because in a small branch a single refund is ten points and no news.
    - With fewer than `anomaly_min_periods` earlier periods nothing is out of range. With fewer than
      `min_periods`, if that is given, there is no row at all.
#}
{% macro robust_ranges(columns, min_mad_percent, min_change_percent, min_periods=none, min_refunds=none) -%}
{%- set measures = ['sales', 'receipts', 'refund_share', 'basket_size'] -%}
expected as (

    select
        *
        {%- for measure in measures %},
        {{ median_of('past_' ~ measure) }} as {{ measure }}_median
        {%- endfor %}
    from judged
    where history_periods >= {{ min_periods or var('anomaly_min_periods') }}
    {{ evaluate_once() }}

),

compared as (

    select
        *
        {%- for measure in measures %},
        {{ deviation_of('past_' ~ measure, measure ~ '_median') }} as {{ measure }}_mad
        {%- endfor %}
    from expected
    {{ evaluate_once() }}

),

measured as (
    {% for measure in measures %}
    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        '{{ measure }}' as measure,
        history_periods,
        {{ measure }}_median as expected_value,
        {%- if measure == 'refund_share' %}
        cast(
            greatest({{ measure }}_mad, {{ var('anomaly_min_refund_mad') }}) as numeric(18, 4)
        ) as spread,
        cast(
            greatest(
                {{ var('anomaly_min_refund_change') }},
                1.0 * {{ min_refunds if min_refunds is not none else var('anomaly_min_receipts_change') }}
                / receipts
            ) as numeric(18, 4)
        ) as least_distance,
        {%- else %}
        cast(
            greatest({{ measure }}_mad, abs({{ measure }}_median) * {{ min_mad_percent }} / 100)
            as numeric(18, 4)
        ) as spread,
        cast(
            greatest(
                abs({{ measure }}_median) * {{ min_change_percent }} / 100,
                {{ var('anomaly_min_receipts_change') if measure == 'receipts' else 0 }}
            ) as numeric(18, 4)
        ) as least_distance,
        {%- endif %}
        {{ measure }} as actual_value
    from compared
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

),

limited as (

    select
        *,
        cast(
            greatest({{ var('anomaly_min_score') }} * spread / 0.6745, least_distance)
            as numeric(18, 4)
        ) as reach
    from measured
    where spread > 0

),

scored as (

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        measure,
        cast(history_periods as integer) as history_periods,
        expected_value,
        cast(expected_value - reach as numeric(18, 4)) as lower_limit,
        cast(expected_value + reach as numeric(18, 4)) as upper_limit,
        actual_value,
        cast(round(0.6745 * (actual_value - expected_value) / spread, 4) as numeric(18, 4))
            as robust_score,
        history_periods >= {{ var('anomaly_min_periods') }}
        and abs(actual_value - expected_value) > reach as is_out_of_range
    from limited

)
{%- endmacro %}
