with source as (

    select * from {{ source('multinational', 'multinational_date_events') }}

),

cleaned as (

    select
        _file_id as file_id,
        _line_number as line_number,
        lower({{ identifier('date_uuid') }}) as date_event_id,
        {{ cleaned('timestamp') }} as clock_text,
        {{ identifier('year') }} as year_text,
        {{ identifier('month') }} as month_text,
        {{ identifier('day') }} as day_text,
        {{ cleaned('time_period') }} as period_text,
        _loaded_at as loaded_at
    from source

),

-- One text of all columns: 2012-09-19 22:00:06.
final as (

    select
        file_id,
        line_number,
        'multinational' as source_system,
        date_event_id,
        clock_text,
        year_text,
        month_text,
        day_text,
        period_text,
        year_text
        || case when length(month_text) = 1 then '-0' else '-' end || month_text
        || case when length(day_text) = 1 then '-0' else '-' end || day_text
        || ' ' || clock_text as sold_at_text,
        loaded_at,
        {{ line_noise([
            'clock_text', 'year_text', 'month_text', 'day_text', 'period_text',
            'upper(date_event_id)',
        ]) }} as noise
    from cleaned

)

select * from final
