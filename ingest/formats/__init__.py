"""How bytes become records: archives, text, CSV."""
