{{ every_source('punches') }}
