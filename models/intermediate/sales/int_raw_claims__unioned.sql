{{ every_source('raw_claims') }}
