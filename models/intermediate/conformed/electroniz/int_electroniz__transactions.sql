{#
    No order has an employee or a time of day. As constants, so that PostgreSQL searches no million of stored nulls for
    either.
#}
{{ receipts_of(
    ref('int_electroniz__receipt_lines'),
    expressions={'order_key': 'record_key', 'employee_key': 'null', 'is_time_known': 'false'}
) }}
