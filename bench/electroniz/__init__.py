"""The benchmarks' chain of stores and its web shop."""
