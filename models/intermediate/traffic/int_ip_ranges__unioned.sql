{{ every_source('ip_ranges') }}
