{{ every_source('sale_lines') }}
