{#
    CTEs that compare periods with their own baselines, by measure; the last of them is `scored`: one row per period
    and measure with a baseline, with the `columns` of the period.

    Needs a CTE `judged`: a period's columns, its measures and those of its baseline (the two macros above). The
    baseline comes as arrays, not by a join: PostgreSQL cannot estimate the rows of such a join, and underestimates
    make a rebuild endless. The range is that of Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993): the
    expected value is the median of the baseline, the score is 0.6745 times the difference from it in median absolute
    deviations (MAD), and a score beyond 3.5 is out of range.

    - The MAD is at least `min_mad_percent` of the median (for a refund share: `anomaly_min_refund_mad`), so that a
      baseline of equal periods, with a MAD of 0, does not make every penny an anomaly. Where that is 0 too, because
      the median is, the period is not judged.
    - The MAD is at least the spread by chance: with few and uneven receipts no two periods are equal. If receipts
      arrive at random, the variance of their sum is the sum of their squares (compound Poisson process), that of
      their number is the number, and that of their mean is the mean square divided by the number. The upper quartile
      of the baseline's squares is used, because a dozen periods of few receipts mostly lack the rare large one.
    - Where fewer receipts than `anomaly_min_receipts` are expected, a single receipt dominates: then sales and basket
      size are not anomalies up to `anomaly_few_receipts_times` times the largest baseline value.
    - A change up to `min_change_percent` of the median (for a refund share: `anomaly_min_refund_change`) is never an
      anomaly: with a dozen periods a MAD is a rough measure. Nor is a change of at most `anomaly_min_receipts_change`
      receipts or, for a refund share, of fewer refunds than `min_refunds`, because in a small branch a single refund
      is ten points.
    - With fewer than `anomaly_min_periods` earlier periods nothing is out of range. With fewer than `min_periods`, if
      given, there is no row.
#}
{% macro robust_ranges(columns, min_mad_percent, min_change_percent, min_periods=none, min_refunds=none) -%}
{%- set measures = trade_measures('unused') | list -%}
{%- set carried_by_receipts = ['sales', 'basket_size'] -%}
{%- set variances = {
    'sales': 'likely_squared_amounts',
    'receipts': 'receipts_median',
    'basket_size': 'likely_squared_items / receipts',
} -%}
expected as (

    select
        *
        {%- for measure in measures %},
        cast({{ quantile_of('past_' ~ measure, 0.5) }} as numeric(38, 4)) as {{ measure }}_median
        {%- endfor %},
        {%- for measure in carried_by_receipts %}
        cast({{ quantile_of('past_' ~ measure, 1) }} as numeric(38, 4)) as {{ measure }}_largest,
        {%- endfor %}
        cast({{ quantile_of('past_squared_amounts', 0.75) }} as numeric(38, 4))
            as likely_squared_amounts,
        cast({{ quantile_of('past_squared_items', 0.75) }} as numeric(38, 4)) as likely_squared_items
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
            greatest({{ measure }}_mad, {{ var('anomaly_min_refund_mad') }}) as numeric(38, 4)
        ) as spread,
        cast(
            greatest(
                {{ var('anomaly_min_refund_change') }},
                1.0 * {{ min_refunds if min_refunds is not none else var('anomaly_min_receipts_change') }}
                / receipts
            ) as numeric(38, 4)
        ) as least_distance,
        {%- else %}
        cast(
            greatest(
                {{ measure }}_mad,
                abs({{ measure }}_median) * {{ min_mad_percent }} / 100,
                0.6745 * sqrt({{ variances[measure] }})
            ) as numeric(38, 4)
        ) as spread,
        cast(
            greatest(
                abs({{ measure }}_median) * {{ min_change_percent }} / 100,
                {{ var('anomaly_min_receipts_change') if measure == 'receipts' else 0 }}
            ) as numeric(38, 4)
        ) as least_distance,
        {%- endif %}
        {%- if measure in carried_by_receipts %}
        case
            when receipts_median < {{ var('anomaly_min_receipts') }}
                then {{ var('anomaly_few_receipts_times') }} * {{ measure }}_largest
            else {{ measure }}_median
        end as never_odd,
        {%- else %}
        {{ measure }}_median as never_odd,
        {%- endif %}
        {{ measure }} as actual_value
    from compared
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}

),

reached as (

    select
        *,
        cast(
            greatest({{ var('anomaly_min_score') }} * spread / 0.6745, least_distance)
            as numeric(38, 4)
        ) as reach
    from measured
    where spread > 0

),

limited as (

    select
        *,
        cast(expected_value - reach as numeric(38, 4)) as lower_limit,
        cast(greatest(expected_value + reach, never_odd) as numeric(38, 4)) as upper_limit
    from reached

),

scored as (

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        measure,
        cast(history_periods as integer) as history_periods,
        expected_value,
        lower_limit,
        upper_limit,
        actual_value,
        cast(round(0.6745 * (actual_value - expected_value) / spread, 4) as numeric(38, 4))
            as robust_score,
        history_periods >= {{ var('anomaly_min_periods') }}
        and (actual_value < lower_limit or actual_value > upper_limit) as is_out_of_range
    from limited

)
{%- endmacro %}
