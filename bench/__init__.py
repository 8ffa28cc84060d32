"""The project's benchmarks: `python -m bench`.

Tooling for developers, like the tests: it creates its own files and its own PostgreSQL, and leaves
only the JSON file with the results.
"""

from __future__ import annotations
