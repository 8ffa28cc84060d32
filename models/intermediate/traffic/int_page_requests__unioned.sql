{{ every_source('page_requests') }}
