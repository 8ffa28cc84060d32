{# Whole in every run: a changed wage changes any day of the past (docs/workforce.md). #}
{%- set tiers = [1, 2, 3] %}
{#- In order of precedence: which number of the person, and whether it is for one branch. #}
{%- set wage_matches = {
    'person_branch_wages': ('employee_id', true),
    'person_wages': ('employee_id', false),
    'number_branch_wages': ('number_in_store', true),
    'number_wages': ('number_in_store', false),
} %}

with shifts as (

    select * from {{ ref('int_employee_shifts__paired') }}
    where outcome = 'shift'

),

branches as (

    select * from {{ ref('dim_branches') }}

),

pay_tiers as (

    select * from {{ ref('pay_tiers') }}

),

hourly_wages as (

    select * from {{ ref('hourly_wages') }}

),

numbered_tiers as (

    select
        *,
        row_number() over (
            partition by source_system, valid_from order by from_hours
        ) as tier_number
    from pay_tiers

),

-- The tiers of a source side by side, with the days on which they are valid.
tier_sets as (

    select
        source_system,
        {% for tier in tiers -%}
        max(case when tier_number = {{ tier }} then from_hours end) as from_hours_{{ tier }},
        max(
            case
                when tier_number = {{ tier }}
                    then coalesce(to_hours, {{ var('workforce_max_shift_hours') }})
            end
        ) as to_hours_{{ tier }},
        max(case when tier_number = {{ tier }} then pay_percent end) as pay_percent_{{ tier }},
        {% endfor -%}
        valid_from,
        lead(valid_from) over (partition by source_system order by valid_from) as valid_to
    from numbered_tiers
    group by source_system, valid_from

),

named_branches as (

    select
        branch_key,
        source_system,
        {{ normalize_branch_name('branch_name') }} as normalized_branch_name
    from branches

),

named_wages as (

    select
        *,
        nullif({{ normalize_branch_name('branch_name') }}, '') as normalized_branch_name
    from hourly_wages

),

wages as (

    select
        named_wages.source_system,
        named_branches.branch_key,
        named_wages.employee_id,
        named_wages.currency_code,
        named_wages.hourly_wage,
        named_wages.normalized_branch_name is null as is_for_all_branches,
        named_wages.valid_from,
        lead(named_wages.valid_from) over (
            partition by
                named_wages.source_system,
                named_wages.employee_id,
                named_wages.normalized_branch_name
            order by named_wages.valid_from
        ) as valid_to
    from named_wages
    left join named_branches
        on
            named_wages.source_system = named_branches.source_system
            and named_wages.normalized_branch_name = named_branches.normalized_branch_name

),

-- The number that a person has in the store. Where people have one number in the whole source, it
-- is the number itself.
numbered_shifts as (

    select
        *,
        coalesce({{ after_last('employee_id', '/') }}, employee_id) as number_in_store
    from shifts

),

-- Of the wages that match, the one that says the most counts: about the person, then the branch.
waged as (

    select
        numbered_shifts.*,
        branches.currency_code,
        coalesce(
            {%- for name in wage_matches %}
            {{ name }}.currency_code{{ ',' if not loop.last }}
            {%- endfor %}
        ) as wage_currency_code,
        coalesce(
            {%- for name in wage_matches %}
            {{ name }}.hourly_wage{{ ',' if not loop.last }}
            {%- endfor %}
        ) as hourly_wage
    from numbered_shifts
    inner join branches on numbered_shifts.branch_key = branches.branch_key
    {%- for name, (number, of_branch) in wage_matches.items() %}
    left join wages as {{ name }}
        on
            numbered_shifts.source_system = {{ name }}.source_system
            and numbered_shifts.{{ number }} = {{ name }}.employee_id
            {% if of_branch -%}
            and numbered_shifts.branch_key = {{ name }}.branch_key
            {%- else -%}
            and {{ name }}.is_for_all_branches
            {%- endif %}
            and numbered_shifts.business_date >= {{ name }}.valid_from
            and (
                {{ name }}.valid_to is null
                or numbered_shifts.business_date < {{ name }}.valid_to
            )
    {%- endfor %}

),

-- Hours are rounded once, and split afterwards, so that the parts add up.
tiered as (

    select
        waged.*,
        tier_sets.source_system is not null as has_tiers,
        {% for tier in tiers -%}
        tier_sets.from_hours_{{ tier }},
        tier_sets.to_hours_{{ tier }},
        tier_sets.pay_percent_{{ tier }},
        {% endfor -%}
        round(waged.shift_seconds / 3600, 6) as clocked_hours,
        round(waged.worked_seconds / 3600, 6) as worked_hours
    from waged
    left join tier_sets
        on
            waged.source_system = tier_sets.source_system
            and waged.business_date >= tier_sets.valid_from
            and (tier_sets.valid_to is null or waged.business_date < tier_sets.valid_to)
    {{ evaluate_once() }}

),

-- Pay is computed from seconds, because a third of an hour has no last decimal.
paid as (

    select
        *,
        {% for tier in tiers -%}
        greatest(least(worked_hours, to_hours_{{ tier }}) - from_hours_{{ tier }}, 0)
            as hours_tier_{{ tier }},
        {% endfor -%}
        {% for tier in tiers -%}
        greatest(
            least(worked_seconds, 3600 * to_hours_{{ tier }}) - 3600 * from_hours_{{ tier }}, 0
        ) * coalesce(pay_percent_{{ tier }}, 0) as percent_seconds_{{ tier }},
        {% endfor -%}
        case
            when is_too_long then 'shift_too_long'
            when worked_seconds = 0 and shift_seconds > 0 then 'shift_overlaps'
            when not has_tiers then 'pay_tiers_missing'
            when hourly_wage is null then 'wage_missing'
            when wage_currency_code <> currency_code then 'wage_currency_differs'
        end as not_paid_reason
    from tiered
    {{ evaluate_once() }}

),

final as (

    select
        attendance_key as shift_key,
        source_system,
        branch_key,
        employee_key,
        employee_id,
        branch_name,
        currency_code,
        not_paid_reason,
        cast(manual_punches as integer) as manual_punches,
        cast(clocked_hours as numeric(18, 6)) as clocked_hours,
        cast(worked_hours as numeric(18, 6)) as worked_hours,
        cast(case when is_too_long then 0 else clocked_hours - worked_hours end as numeric(18, 6))
            as overlapping_hours,
        {% for tier in tiers -%}
        cast(hours_tier_{{ tier }} as numeric(18, 6)) as hours_tier_{{ tier }},
        {% endfor -%}
        cast(
            case
                when has_tiers
                    then worked_hours - hours_tier_1 - hours_tier_2 - hours_tier_3
                else 0
            end as numeric(18, 6)
        ) as hours_past_last_tier,
        cast(hours_tier_1 + hours_tier_2 + hours_tier_3 as numeric(18, 6)) as paid_hours,
        cast(clocked_hours - hours_tier_1 - hours_tier_2 - hours_tier_3 as numeric(18, 6))
            as unpaid_hours,
        cast(
            case
                when wage_currency_code = currency_code then hourly_wage
            end as numeric(18, 4)
        ) as hourly_wage,
        cast(
            case
                when not_paid_reason in ('shift_too_long', 'shift_overlaps') then 0
                when not_paid_reason is null
                    then round(
                        hourly_wage
                        * (percent_seconds_1 + percent_seconds_2 + percent_seconds_3)
                        / (100 * 3600),
                        2
                    )
            end as numeric(18, 2)
        ) as pay_amount,
        manual_punches > 0 as is_manual,
        cast(clocked_in_at_local as date) < cast(clocked_out_at_local as date) as is_over_midnight,
        not_paid_reason is null as is_paid,
        business_date,
        clocked_in_at_local,
        clocked_out_at_local,
        clocked_in_at,
        clocked_out_at
    from paid

)

select * from final
