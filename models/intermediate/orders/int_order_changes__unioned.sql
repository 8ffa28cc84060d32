{{ every_source('order_changes') }}
