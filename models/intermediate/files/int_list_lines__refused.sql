{{ every_source('refused_list_lines') }}
