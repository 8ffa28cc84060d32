{# Reads the text of the raw lines, so that the reconciliation depends on no other model. #}
{{ conform(
    'raw_claims',
    from=ref('int_electroniz__order_lines'),
    expressions={
        'claimed_amount':
            'round(' ~ parse_integer('quantity_text', decimal='.') ~ ' * '
            ~ parse_amount('price_text', scale=4, decimal='.') ~ ', 2)',
    }
) }}
