{{ conform(
    'transactions',
    from=ref('int_sales_desk__sales_checked'),
    expressions={'raw_rows': '1', 'items_sold': 'quantity', 'is_time_known': 'false'},
    lacks=['receipt_number', 'customer_name', 'card_last4', 'channel', 'country']
) }}
