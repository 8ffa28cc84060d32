{{ every_source('exchange_rates') }}
