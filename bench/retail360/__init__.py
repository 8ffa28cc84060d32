"""Stores with a till system, of which each is a database."""
