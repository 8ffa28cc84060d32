{# A sale of the desk is a receipt with one line. It has the product's name, not its number. #}
{{ conform(
    'sale_lines',
    from=ref('int_sales_desk__sales_checked'),
    expressions={
        'item_number': '1',
        'receipt_lines': '1',
        'is_time_known': 'false',
        'is_return': 'net_amount < 0',
    },
    lacks=['product_id']
) }}
where is_sale
