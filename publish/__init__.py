"""What reads the marts and shows them to people."""
