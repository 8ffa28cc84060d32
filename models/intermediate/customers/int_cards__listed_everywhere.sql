{{ every_source('cards') }}
