{{ every_history('employees') }}
