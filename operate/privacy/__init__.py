"""Erasing customers: in raw by the loader, in what dbt has built with the transformers' rights."""
