"""The thin loader: copies files and tables into the raw schema and never interprets them.

Start at `ingest.load.load`; the feeds are declared in `ingest/feeds/`.
"""
