"""dbt as a child process: its packages, profile, builds and docs page."""
