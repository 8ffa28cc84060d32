{#
    Orders that change: each line is an event of an order, which made it (NEW), changed it (EDIT) or cancelled it
    (DELETE), with the whole order as it is from then on. Events arrive late, twice and in any order.

    - Of the events of an order (`record_key`) the last one by source time (`changed_at`) counts. Of events with the
      same time a DELETE comes after an EDIT, and an EDIT after a NEW; then the one of the later file, then the later
      line. An EDIT needs no NEW before it. If the last one is a DELETE, the order does not count as a sale.
    - The others are rejected, so that raw = sold + rejected: `order_changed` (a later event counts), `order_deleted`
      (the DELETE itself), and `order_repeated`: the same event is in an earlier file or line, however it is spaced. A
      repeated event is compared with no other.
    - An event that breaks a rule changes nothing; but a DELETE needs an order, a time and nothing else, because what
      it says of the order does not count.

    A new event restates stored rows of its order, on whatever day and in whatever branch they are.
#}

{# What an event may do to an order, from the first to the last of those with the same time. #}
{% macro order_modes() -%}
    {{ return(['NEW', 'EDIT', 'DELETE']) }}
{%- endmacro %}


{# Condition: the row is an event that is compared with the others of its order. #}
{% macro is_order_event() -%}
    (
        is_current
        and record_key is not null
        and changed_at is not null
        and order_mode in ('{{ order_modes() | join("', '") }}')
        and (reject_reasons is null or {{ is_overlap() }} or order_mode = 'DELETE')
    )
{%- endmacro %}


{#
    The end of a model with `meta.touched_by: file`, after a comma: CTEs, and the select that ends the model: the rows
    of the touched files, and rows of other files that count differently because of them. As `counted_once`, for events.

    `rows`: a CTE of the touched rows with all of the model's `columns`: those that `counted_once` needs, and
    transaction_id, order_mode, changed_at and is_latest (null so far). is_latest is true for the event of an order
    that counts, false for its other events, and null for a row that is none.
    `same`: columns that two rows of one event have in common, besides order, mode and time.
#}
{% macro last_event_counts(rows, columns, same, line_text, rejudged=false) -%}
    {%- if linted('last_event_counts', rows) -%}
        {{ return('counted as (select * from ' ~ rows ~ ') select * from counted') }}
    {%- endif -%}
    {%- set counting -%}
    {%- set touched = touched('file') -%}
    {%- set event_columns -%}
        record_key,
        file_id,
        line_number,
        order_mode,
        changed_at,
        {{ same | join(',\n        ') }}
    {%- endset -%}
{%- if judges_stored_rows() -%}
stored_rows as (

    select
        stored.{{ columns | join(',\n        stored.') }}
    from (
        {{ look_up(
            this,
            'select distinct record_key from ' ~ rows ~ ' where record_key is not null',
            'found.record_key = wanted.record_key and found.is_current'
        ) }}
    ) as stored
    where
        stored.file_id not in ({{ touched }})
        {%- if rejudged %}
        and not exists (
            select 1 from {{ rows }}
            where
                {{ rows }}.file_id = stored.file_id
                and {{ rows }}.line_number = stored.line_number
        )
        {%- endif %}

),

{% endif -%}
order_events as (

    select
        {{ event_columns }}
    from {{ rows }}
    where {{ is_order_event() }}
    {%- if judges_stored_rows() %}
    union all
    select
        {{ event_columns }}
    from stored_rows
    where {{ is_order_event() }}
    {%- endif %}

),

changed_orders as (

    select record_key
    from order_events
    group by record_key
    having count(*) > 1

),

compared_events as (

    select
        record_key,
        file_id,
        line_number,
        changed_at,
        {{ place_of_mode() }} as place_of_mode,
        first_value(file_id) over same_event as first_file_id,
        row_number() over same_event > 1 as is_repeated
    from order_events
    where record_key in (select changed_orders.record_key from changed_orders)
    window
        same_event as (
            partition by record_key, changed_at, order_mode, {{ same | join(', ') }}
            order by file_id, line_number
        )

),

placed_events as (

    select
        *,
        row_number() over latest as place,
        first_value(file_id) over latest as latest_file_id
    from compared_events
    window
        latest as (
            partition by record_key, is_repeated
            order by changed_at desc, place_of_mode desc, file_id desc, line_number desc
        )

),

standings as (

    select
        file_id,
        line_number,
        case when is_repeated then 'order_repeated' else 'order_changed' end as reject_reason,
        case when is_repeated then first_file_id else latest_file_id end as counted_in_file_id
    from placed_events
    where is_repeated or place > 1

),

counted_rows as (

    {{ restated_events(rows, columns, line_text, 'events.change_id') }}

){% if judges_stored_rows() %},

changed_rows as (

    {{ restated_events(
        'stored_rows',
        columns,
        line_text,
        'greatest(events.change_id, (select max(' ~ rows ~ '.change_id) from ' ~ rows ~ '))',
        only_changed=true
    ) }}

){% endif %}

select * from counted_rows
{%- if judges_stored_rows() %}
union all
select * from changed_rows
{%- else %}
-- File by file, as nights write them (overlaps.sql).
order by file_id, line_number
{%- endif %}
{%- endset -%}
{{ return(one_token(counting)) }}
{%- endmacro %}


{# The place of a mode among events of one time: the highest counts. #}
{% macro place_of_mode(order_mode='order_mode') -%}
    case {{ order_mode }}
        {%- for mode in order_modes() %} when '{{ mode }}' then {{ loop.index }}{% endfor %}
    end
{%- endmacro %}


{#
    Rows with a new decision on whether they count: all, or `only_changed` ones. Part of `last_event_counts`. The
    receipt of an order keeps its id, whichever of its events counts.
#}
{% macro restated_events(rows, columns, line_text, change_id, only_changed=false) -%}
    {%- set own_reasons -%}
        case when not coalesce({{ is_overlap('events.reject_reasons') }}, false) then events.reject_reasons end
    {%- endset -%}
    {%- set reasons -%}
        coalesce(
            {{ own_reasons }},
            standings.reject_reason,
            case when events.order_mode = 'DELETE' then 'order_deleted' end
        )
    {%- endset -%}
    {%- set is_sale = 'events.is_current and ' ~ reasons ~ ' is null' -%}
    {%- set new_values = {
        'transaction_id':
            'case when ' ~ is_sale ~ ' then '
            ~ dbt_utils.generate_surrogate_key(['events.source_system', "'receipt'", 'events.record_key'])
            ~ ' else ' ~ dbt_utils.generate_surrogate_key(
                ['events.source_system', "'event'", 'events.record_key', 'events.file_id', 'events.line_number']
            ) ~ ' end',
        'change_id': change_id,
        'reject_reasons': reasons,
        'refused_text':
            'case when ' ~ own_reasons ~ ' is not null then events.refused_text'
            ~ ' when ' ~ reasons ~ ' is not null then ' ~ line_text ~ ' end',
        'counted_in_file_id': 'standings.counted_in_file_id',
        'is_sale': is_sale,
        'is_latest':
            "case when events.is_event and standings.reject_reason is distinct from 'order_repeated'"
            ~ ' then standings.reject_reason is null end',
    } -%}
    select
        {%- for name in columns %}
        {{ new_values[name] ~ ' as ' ~ name if name in new_values else 'events.' ~ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            *,
            {{ is_order_event() }} as is_event
        from {{ rows }}
    ) as events
    left join standings
        on
            events.file_id = standings.file_id
            and events.line_number = standings.line_number
            and events.is_event
    {%- if only_changed %}
    where
        {%- for name in ['reject_reasons', 'counted_in_file_id', 'is_latest'] %}
        {{ 'or ' if not loop.first }}{{ new_values[name] }} is distinct from events.{{ name }}
        {%- endfor %}
    {%- endif %}
{%- endmacro %}
