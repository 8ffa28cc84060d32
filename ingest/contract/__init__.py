"""The schema of the feed files, with errors that name the line."""
