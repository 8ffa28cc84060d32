{{ every_source('transactions') }}
