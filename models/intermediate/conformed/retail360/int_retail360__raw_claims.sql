{# Reads the text of the raw lines, so that the reconciliation depends on no other model. #}
{{ conform(
    'raw_claims',
    from=ref('stg_retail360__documentlines'),
    expressions={'claimed_amount': parse_amount('total_text', decimal='.')}
) }}
