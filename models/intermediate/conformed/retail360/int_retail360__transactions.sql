{# Documents that count for nothing are rejected rows of their own file: no line stands for them. #}
{{ receipts_of(ref('int_retail360__receipt_lines'), adds=['taxed_on'], across_files=true) }}
union all
{{ conform(
    'transactions',
    from=ref('int_retail360__documents_refused'),
    expressions={
        'receipt_number': 'document_number',
        'customer_identified_by': "'unknown'",
        'payment_method': "'OTHER'",
        'quality_flags': 'null',
        'raw_rows': '1',
        'items_sold': 'null',
        'net_amount': 'stated_amount',
        'is_sale': 'false',
        'is_time_known': 'false',
        'sold_at_local': 'null',
        'sold_at': 'null',
    },
    lacks=[
        'customer_id', 'customer_name', 'employee_key', 'employee_id', 'card_last4', 'channel', 'country',
        'counted_in_file_id',
    ]
) }}
