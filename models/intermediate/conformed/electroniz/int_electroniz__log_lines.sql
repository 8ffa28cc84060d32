{#
    Incremental so that a line of a log is parsed once, when it is loaded, and once more when its version is superseded:
    a year has ten million of them. The time is written as databases write it, which is parsed at a tenth of the cost.
#}
{{
    config(
        materialized='incremental',
        incremental_strategy='replace_touched',
        unique_key='file_id',
        meta={'touched_by': 'file', 'feed': 'electroniz_access_log'},
        on_schema_change='fail',
        indexes=[
            {'columns': ['requested_on']},
            {'columns': ['change_id']},
        ],
    )
}}

with lines as (

    {{ touched_lines(ref('stg_electroniz__access_log')) }}

),

agents as (

    {{ kinds_of_agents('lines') }}

),

-- 18/05/2021:08:00:00 is the 18th of May; other forms only lose the first colon.
split_lines as (

    select
        file_id,
        line_number,
        source_system,
        logical_file,
        change_id,
        is_current,
        ip_token,
        ip_network,
        status_text,
        agent,
        requested_at_text,
        case
            when translate(requested_at_text, '123456789', '000000000') = '00/00/0000:00:00:00'
                then concat(
                    substr(requested_at_text, 7, 4),
                    '-',
                    substr(requested_at_text, 4, 2),
                    '-',
                    left(requested_at_text, 2),
                    ' ',
                    right(requested_at_text, 8)
                )
            else regexp_replace(requested_at_text, '^([^:]+):', '\1 ')
        end as moment_text,
        case
            when request_text ~ '^[A-Z]+ [^ ]+( HTTP/[0-9.]+)?$'
                then split_part(request_text, ' ', 1)
        end as method,
        case
            when request_text ~ '^[A-Z]+ [^ ]+( HTTP/[0-9.]+)?$'
                then split_part(split_part(split_part(request_text, ' ', 2), '?', 1), '#', 1)
        end as path
    from lines
    {{ evaluate_once() }}

),

parsed_lines as (

    select
        split_lines.*,
        agents.agent_kind,
        moments.day_first_at as requested_at_utc,
        cast(moments.day_first_at as date) as requested_on,
        {{ parse_integer('split_lines.status_text') }} as status,
        substring(split_lines.path from '^/products/([^/]+)/?$') as product_id
    from split_lines
    left join agents on split_lines.agent = agents.agent
    cross join lateral {{ date_readings('split_lines.moment_text', 'moments', "'UTC'") }}
    {{ evaluate_once() }}

),

judged_lines as (

    select
        file_id,
        line_number,
        source_system,
        change_id,
        is_current,
        {{ transaction_id() }} as request_key,
        {{ visitor_key() }} as visitor_key,
        ip_token,
        ip_network,
        {{ product_key('product_id') }} as product_key,
        method,
        path,
        agent,
        {{ bot_kind() }} as bot_kind,
        {{ named_reasons({
            'timestamp_unreadable': "requested_at_utc is null",
            'date_out_of_range':
                "requested_on < cast('" ~ var('calendar_start') ~ "' as date)"
                ~ " or requested_on > cast('" ~ var('calendar_end') ~ "' as date)",
        }) }} as reject_reasons,
        concat_ws(' | ', requested_at_text, method, path, status_text) as line_text,
        status,
        requested_on,
        {{ local_to_utc('requested_at_utc', "'UTC'") }} as requested_at
    from parsed_lines
    {{ evaluate_once() }}

),

final as (

    select
        file_id,
        line_number,
        source_system,
        change_id,
        is_current,
        request_key,
        visitor_key,
        ip_token,
        ip_network,
        product_key,
        method,
        path,
        agent,
        bot_kind,
        reject_reasons,
        case when reject_reasons is not null then line_text end as refused_text,
        status,
        requested_on,
        requested_at
    from judged_lines

)

select * from final
