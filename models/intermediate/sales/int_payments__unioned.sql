{{ every_source('payments') }}
