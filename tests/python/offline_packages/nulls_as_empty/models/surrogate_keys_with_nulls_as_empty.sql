{{ surrogate_key_cases() }}
