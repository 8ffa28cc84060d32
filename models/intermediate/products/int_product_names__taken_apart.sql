{{ every_source('product_names') }}
