{{ every_source('products') }}
