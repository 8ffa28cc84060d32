"""Shops in three countries and a web shop, whose data is in five places."""
