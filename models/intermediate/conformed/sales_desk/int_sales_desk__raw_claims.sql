{# From the text of the lines: the reconciliation depends on nothing that is made of them. #}
{{ conform(
    'raw_claims',
    from=ref('stg_sales_desk__sales'),
    expressions={'claimed_amount': parse_amount('total_text')}
) }}
