{{ every_source('stock_levels') }}
