{{ conform(
    'transactions',
    from=ref('int_branch_pos__transactions_checked'),
    expressions={'raw_rows': '1', 'is_time_known': 'true'},
    lacks=['receipt_number', 'customer_id', 'employee_key', 'employee_id', 'channel', 'country']
) }}
