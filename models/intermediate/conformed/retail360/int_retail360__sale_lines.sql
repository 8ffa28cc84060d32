{{ sold_lines_of(ref('int_retail360__receipt_lines'), adds=['measured_quantity', 'taxed_on']) }}
