"""Loads and builds of the warehouse, and its notes on them."""
