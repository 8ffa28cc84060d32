{#
    Cash rounding is added to the first item, so that the items add up to what was paid.

    No CTE here: PostgreSQL does not reorder joins across a view with a CTE, and would split the baskets of all
    history to find those of one day.
#}
{{ conform(
    'sale_lines',
    from=ref('int_branch_pos__transactions_checked')
    ~ ' as receipts cross join lateral ' ~ basket_items('basket_text', 'items'),
    expressions={
        'receipt_lines': 'items_sold',
        'product_key': product_key('item_name'),
        'product_name': 'item_name',
        'quantity': '1',
        'is_time_known': 'true',
        'is_return': 'receipts.net_amount < 0',
        'net_amount':
            'round(unit_price, 2) + case when item_number = 1 then cash_rounding else 0 end',
    },
    lacks=['employee_key', 'product_id']
) }}
where receipts.is_sale
