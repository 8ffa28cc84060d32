"""Loads and builds of the warehouse, and the metadata about them."""
