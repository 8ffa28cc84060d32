{{ every_source('branches') }}
