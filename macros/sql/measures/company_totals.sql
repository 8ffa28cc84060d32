{#
    Sums in the company's currency. The receipts of a branch's day have one rate, so that `net_amount_company` of a
    day is null where no rate is known, and then nothing of the day is in a company's sum. Sums keep six decimals until
    a report rounds them, once and half away from zero: a cast to numeric(18, 2) does that.
#}

{# The company's currency, as a text. #}
{% macro company_currency() -%}
    cast('{{ var("company_currency") }}' as text)
{%- endmacro %}


{#
    A sum of amounts in the company's currency, of rows some of which may have no rate: null where nothing that was sold
    has one. Rows without a sale are 0, and do not make an unknown sum a known one. `over`: a window, for running
    totals.
#}
{% macro company_sum(amount='net_amount_company', over='') -%}
    case
            when
                {{ dbt.bool_or(amount ~ ' <> 0') }}{{ ' ' ~ over if over }}
                or count({{ amount }}){{ ' ' ~ over if over }} = count(*){{ ' ' ~ over if over }}
                then sum({{ amount }}){{ ' ' ~ over if over }}
        end
{%- endmacro %}


{#
    What was paid back on returns, in the company's currency, as a positive amount: an aggregate of rows with both
    amounts. Null where no rate is known, because 0 times null is null.
#}
{% macro returned_company_amount(is_return='net_amount < 0') -%}
    sum(
            case
                when {{ is_return }} then -net_amount_company else 0 * net_amount_company
            end
        )
{%- endmacro %}


{#
    How many receipts of days, or of other groups with one rate, are not in the sum of `net_amount_company`, and how
    many are in it at an estimated rate: two aggregates. `relation`: a prefix of the columns, such as `days.`.
#}
{% macro counted_by_rate(transactions='transactions', relation='') -%}
    cast(
            coalesce(
                sum({{ relation }}{{ transactions }}) filter (
                    where {{ relation }}net_amount_company is null
                ),
                0
            ) as bigint
        ) as transactions_without_rate,
        cast(
            coalesce(
                sum({{ relation }}{{ transactions }}) filter (
                    where {{ relation }}is_rate_estimated
                ),
                0
            ) as bigint
        ) as transactions_at_estimated_rate
{%- endmacro %}


{#
    CTEs that add up days of branches (`from`, with the columns of int_branch_days__measured) by channel, in the
    company's currency; the last of them is `channels`: both channels for each value of `by`, a channel without sales
    with zeros, one without a rate without amounts.
    `by`: a column of `from`, or none for one total.
#}
{% macro sales_of_channels(from, by=none) -%}
{%- set measures = {
    'transactions': 'receipts',
    'returns': 'refunds',
    'items_sold': 'items_sold',
    'net_sales': 'net_amount_company',
    'returned_amount': 'refunded_amount_company',
} -%}
{%- set conditions = {
    'transactions_without_rate': 'net_amount_company is null',
    'transactions_at_estimated_rate': 'is_rate_estimated',
} -%}
totals as (

    select
        {%- if by is not none %}
        {{ by }},
        {%- endif %}
        {%- for prefix in ['', 'online_'] %}
        {%- for measure, column in measures.items() %}
        sum({{ prefix }}{{ column }}) as {{ prefix }}{{ measure }},
        {%- endfor %}
        {%- for count, condition in conditions.items() %}
        coalesce(sum({{ prefix }}receipts) filter (where {{ condition }}), 0)
            as {{ prefix }}{{ count }}{{ ',' if not (loop.last and prefix) }}
        {%- endfor %}
        {%- endfor %}
    from {{ from }}
    {{ 'group by ' ~ by if by is not none else 'having count(*) > 0' }}

),

channels as (

    {%- for channel in ['online', 'store'] %}
    select
        {%- if by is not none %}
        {{ by }},
        {%- endif %}
        {%- for measure in measures.keys() | list + conditions.keys() | list %}
        {{ part_of_channel(measure, channel) }} as {{ measure }},
        {%- endfor %}
        '{{ channel }}' as channel
    from totals
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)
{%- endmacro %}


{#
    A measure of one channel, out of the totals of all. Of receipts none of which has a rate the amounts are null, even
    where the other channel has some; without receipts they are 0. Part of `sales_of_channels`.
#}
{% macro part_of_channel(measure, channel) -%}
    {%- set part = 'online_{0}' if channel == 'online' else '{0} - online_{0}' -%}
    {%- if measure not in ['net_sales', 'returned_amount'] -%}
        {{ return(part.format(measure)) }}
    {%- endif -%}
    {%- set receipts = part.format('transactions') -%}
    case
            when {{ receipts }} = 0 then 0
            when
                {{ receipts }}
                > {{ part.format('transactions_without_rate') }}
                then {{ part.format(measure) }}
        end
{%- endmacro %}
