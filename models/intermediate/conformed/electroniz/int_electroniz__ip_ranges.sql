{# No CTE here: PostgreSQL would not look a network up in the lines through their index. #}
{{ conform('ip_ranges', from=ref('int_electroniz__ip_range_lines')) }}
where reject_reasons is null
