{{ receipts_of(ref('int_multinational__receipt_lines'), adds=['card_token', 'time_period']) }}
