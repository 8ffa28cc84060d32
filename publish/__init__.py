"""Read the marts and show them to people."""
