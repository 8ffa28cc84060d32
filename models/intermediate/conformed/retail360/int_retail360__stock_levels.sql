{# No CTE here: PostgreSQL would not push the condition of a night into the lines of all lists. #}
{{ conform(
    'stock_levels',
    from=ref('int_retail360__stock_lines')
    ~ ' as stock_lines inner join ' ~ ref('int_retail360__stock_lists')
    ~ ' as lists on stock_lines.file_id = lists.file_id',
    expressions={
        'source_system': 'stock_lines.source_system',
        'file_id': 'stock_lines.file_id',
    }
) }}
