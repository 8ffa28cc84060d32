{{ every_source('shipment_events') }}
