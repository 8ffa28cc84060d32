"""publications.yml: its models, and reading it with the line of every error."""
