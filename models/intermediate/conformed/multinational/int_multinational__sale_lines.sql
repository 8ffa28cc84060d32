{{ sold_lines_of(ref('int_multinational__receipt_lines'), adds=['time_period']) }}
