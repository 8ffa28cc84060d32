"""The tills' files for the benchmarks, and their expected rows in raw."""
