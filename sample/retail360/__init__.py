"""Supermarkets in Israel, whose till system holds sales, payments, stock and working hours."""
