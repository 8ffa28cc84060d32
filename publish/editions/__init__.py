"""Which publications appear for a date, what was published, and publishing them."""
