{{ every_history('products') }}
