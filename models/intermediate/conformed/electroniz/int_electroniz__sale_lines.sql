{{ sold_lines_of(ref('int_electroniz__receipt_lines')) }}
