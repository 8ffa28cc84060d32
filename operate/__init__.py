"""The embedded warehouse, the nightly run, and the command line."""
