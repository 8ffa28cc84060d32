{# Of events that do not count the day and the branch are kept, too: a deleted order was there. #}
{{ conform(
    'order_changes',
    from=ref('int_electroniz__receipt_lines'),
    expressions={
        'order_key': 'record_key',
        'order_number': 'receipt_number',
        'is_current': 'is_current and is_latest is not null',
        'is_latest': 'coalesce(is_latest, false)',
        'ordered_on': 'business_date',
    }
) }}
where record_key is not null
