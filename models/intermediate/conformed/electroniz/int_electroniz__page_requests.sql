{# No CTE here: PostgreSQL would not push the condition of a night into the lines of all logs. #}
{{ conform(
    'page_requests',
    from=ref('int_electroniz__log_lines'),
    expressions={'is_bot': 'bot_kind is not null'}
) }}
where reject_reasons is null
