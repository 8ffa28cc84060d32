"""Quarantine, withdrawal and status: for people, after a load."""
