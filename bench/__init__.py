"""The project's benchmarks: `python -m bench`.

Tooling for developers, like the tests: it makes its own files and its own PostgreSQL, and leaves
nothing behind but the JSON it is asked to write.
"""

from __future__ import annotations
