{{ every_source('employees') }}
