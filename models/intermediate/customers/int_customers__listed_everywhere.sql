{{ every_source('customers') }}
