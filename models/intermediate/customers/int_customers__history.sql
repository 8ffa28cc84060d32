{{ every_history('customers') }}
